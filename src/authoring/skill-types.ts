/** `skill-types.d.ts`: what the manifest says of a skill, as types; so an editor completes `ctx` with what was asked for, and no more. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type Result, reasonOf, type SkillManifest, success } from '../contracts/index.ts';
import { typesOfSchema } from './schema-types.ts';

export const TYPES_FILE = 'skill-types.d.ts';

/** The text of the file. Log lines are asked for unless the manifest says no. */
export function skillTypes({ input, output, capabilities = {} }: SkillManifest): string {
  const asked = { log: true, ...capabilities };
  const names = Object.entries(asked)
    .filter(([, wanted]) => wanted !== false && wanted !== undefined)
    .map(([name]) => `'${name}'`)
    .sort();
  const [given, made] = [typesOfSchema(input, 'Input'), typesOfSchema(output, 'Output')];
  return [
    '// Made from skill.json by `skein skills types`, which overwrites it.',
    `import type { ContextOf, Handler as HandlerOf } from 'skein/skill';`,
    '',
    ...given.declarations,
    `export type Input = ${given.type};`,
    ...made.declarations,
    `export type Output = ${made.type};`,
    '/** What the manifest asks for. */',
    `export type Context = ContextOf<${names.length === 0 ? 'never' : names.join(' | ')}>;`,
    '/** The default export. */',
    'export type Handler = HandlerOf<Input, Output, Context>;',
    '',
  ].join('\n');
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
