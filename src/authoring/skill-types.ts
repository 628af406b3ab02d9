/** `skill-types.d.ts`: what the manifest says of a skill, as types; so an editor completes `ctx` with what was asked for, and no more. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ActorDeclaration,
  type Capabilities,
  failure,
  type Result,
  reasonOf,
  type SkillManifest,
  success,
} from '../contracts/index.ts';
import { typesOfSchema } from './schema-types.ts';

export const TYPES_FILE = 'skill-types.d.ts';

export const declaredExports = ({ input, actor }: SkillManifest): readonly string[] => [
  // Without an input there is nothing to call but the actor.
  ...(actor && input === false ? [] : ['default']),
  ...(actor ? ['actor'] : []),
];

/** The text of the file. Log lines are asked for unless the manifest says no. */
export function skillTypes({ input, output, actor, capabilities = {} }: SkillManifest): string {
  const context = contextOf({ log: true, ...capabilities });
  const [given, made] = [typesOfSchema(input, 'Input'), typesOfSchema(output, 'Output')];
  return [
    '// Made from skill.json by `skein skills types`, which overwrites it.',
    `import type { ${actor ? 'SkillActor, ' : ''}ContextOf, Handler as HandlerOf } from 'skein/skill';`,
    '',
    ...given.declarations,
    `export type Input = ${given.type};`,
    ...made.declarations,
    `export type Output = ${made.type};`,
    '/** What the manifest asks for. */',
    `export type Context = ${context};`,
    '/** The default export. */',
    'export type Handler = HandlerOf<Input, Output, Context>;',
    ...(actor ? actorTypes(actor) : []),
    '',
  ].join('\n');
}

/** The calls of a part of `ctx` that a capability, as it was asked for, allows; undefined: all. Others are denied when they are made. */
const CALLS_ASKED: {
  readonly [Name in keyof Capabilities]?: (
    asked: NonNullable<Capabilities[Name]>,
  ) => readonly string[] | undefined;
} = {
  fs: (asked) => (asked === 'read' ? ['read', 'list', 'stat'] : undefined),
  secret: ({ reveal }) => (reveal ? undefined : []),
};

/** A part none of whose calls is allowed is left out. */
function contextOf(capabilities: Capabilities): string {
  const whole: string[] = [];
  const narrowed: string[] = [];
  for (const [name, asked] of Object.entries(capabilities).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (asked === false || asked === undefined) continue;
    const judge = CALLS_ASKED[name as keyof Capabilities] as
      | ((asked: unknown) => readonly string[] | undefined)
      | undefined;
    const calls = judge?.(asked);
    if (calls === undefined) whole.push(`'${name}'`);
    else if (calls.length > 0) {
      const names = calls.map((call) => `'${call}'`).join(' | ');
      narrowed.push(`{ readonly ${name}: Pick<ContextOf<'${name}'>['${name}'], ${names}> }`);
    }
  }
  const all = whole.length === 0 && narrowed.length > 0 ? [] : [whole.join(' | ') || 'never'];
  return [...all.map((names) => `ContextOf<${names}>`), ...narrowed].join(' & ');
}

function actorTypes({ messages, state = true }: ActorDeclaration): readonly string[] {
  const kept = typesOfSchema(state, 'State');
  const fields: string[] = [];
  const declared: string[] = [];
  Object.entries(messages).forEach(([type, { input, output = true }], at) => {
    const [given, made] = [typesOfSchema(input, `Given${at}`), typesOfSchema(output, `Made${at}`)];
    declared.push(...given.declarations, ...made.declarations);
    fields.push(`  ${JSON.stringify(type)}: { input: ${given.type}; output: ${made.type} };`);
  });
  return [
    ...kept.declarations,
    // Without a schema the author knows better what the state is.
    `export type State = ${kept.type === 'unknown' ? 'any' : kept.type};`,
    ...declared,
    ...['export type Messages = {', ...fields, '};'],
    '/** The export `actor`. */',
    'export type Actor = SkillActor<State, Messages, Context>;',
  ];
}

/** Leaves a file alone that says the same. @returns whether it was written. Failure: FILE_UNWRITABLE. */
export async function writeSkillTypes(
  folder: string,
  manifest: SkillManifest,
): Promise<Result<boolean>> {
  const file = join(folder, TYPES_FILE);
  const text = skillTypes(manifest);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before === text) return success(false);
  try {
    await writeFile(file, text);
    return success(true);
  } catch (thrown) {
    return failure('FILE_UNWRITABLE', { file, reason: reasonOf(thrown) });
  }
}
