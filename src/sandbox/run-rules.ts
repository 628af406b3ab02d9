/** What of a skill's module is called in a run, and the author's schemas that its input and output are held to, part by part. For the node. */
import { type SkillManifest, TurnOutputSchema } from '../contracts/index.ts';

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
