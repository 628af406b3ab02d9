/** Reads a ceiling (a policy or a profile) from YAML or JSON. */
import {
  type Ceiling,
  CeilingSchema,
  checker,
  failure,
  LIMITS,
  type Result,
  readDocument,
  success,
} from '../contracts/index.ts';
import { readBounded } from '../skills/index.ts';

const check = checker(CeilingSchema);

/** Failures: FILE_UNREADABLE, CONFIG_INVALID with the line and the pointer. */
export async function readCeiling(file: string): Promise<Result<Ceiling>> {
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  const ceiling = readDocument(text.value, check);
  return ceiling.ok
    ? success(ceiling.value)
    : failure('CONFIG_INVALID', { file, ...ceiling.error });
}
