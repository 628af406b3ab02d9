/** What of a skill's module is called in a run, and the author's schemas that its input and output are held to, part by part. */
import { type SkillManifest, TurnOutputSchema } from '../contracts/index.ts';
import { checkAuthorSchema, type SchemaVerdict } from './author-schema.ts';

/** The default export, or one turn of the exported `actor`; a turn of a reminder has no message. */
export type RunEntry =
  | { readonly kind: 'skill' }
  | { readonly kind: 'actor'; readonly message?: string };

export interface SchemaRule {
  /** Where the part is in the whole. */
  readonly at: readonly string[];
  /** What errors call that place. */
  readonly pointer: string;
  readonly schema: unknown;
}

export interface RunRules {
  readonly input: readonly SchemaRule[];
  readonly output: readonly SchemaRule[];
}

const whole = (schema: unknown): SchemaRule => ({ at: [], pointer: '', schema });

export function rulesOf({ input, output, actor }: SkillManifest, entry: RunEntry): RunRules {
  if (entry.kind === 'skill') return { input: [whole(input)], output: [whole(output)] };
  const message = entry.message === undefined ? undefined : actor?.messages[entry.message];
  const { state = true } = actor ?? {};
  return {
    input: message ? [{ at: ['cause', 'payload'], pointer: '', schema: message.input }] : [],
    output: [
      whole(TurnOutputSchema),
      { at: ['reply'], pointer: '/reply', schema: message?.output ?? true },
      { at: ['state'], pointer: '/state', schema: state },
    ],
  };
}

/** @returns the first verdict that is not `fits` */
export function checkRules(rules: readonly SchemaRule[], value: unknown): SchemaVerdict {
  for (const { at, pointer, schema } of rules) {
    const part = at.reduce((whole, key) => Reflect.get(Object(whole), key), value);
    const verdict = checkAuthorSchema(schema, part);
    if (verdict.kind === 'fits') continue;
    if (verdict.kind === 'unusable') return verdict;
    return { ...verdict, pointer: `${pointer}${verdict.pointer}` };
  }
  return { kind: 'fits' };
}
