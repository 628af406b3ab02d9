/** Reads what an operator sets up for skills from YAML or JSON; see `EffectsFileSchema`. */
import { dirname, resolve } from 'node:path';
import {
  checker,
  EffectsFileSchema,
  failure,
  LIMITS,
  type Result,
  readDocument,
  success,
} from '../contracts/index.ts';
import { readBounded } from '../skills/index.ts';
import type { EffectSettings } from './node-options.ts';

const check = checker(EffectsFileSchema);

/** Failures: FILE_UNREADABLE, CONFIG_INVALID with the line and the pointer. */
export async function readEffects(file: string): Promise<Result<EffectSettings>> {
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  const effects = readDocument(text.value, check);
  if (!effects.ok) return failure('CONFIG_INVALID', { file, ...effects.error });
  const { secrets, ...rest } = effects.value;
  const secretsFile = secrets === undefined ? {} : { secretsFile: resolve(dirname(file), secrets) };
  return success({ ...rest, ...secretsFile });
}
