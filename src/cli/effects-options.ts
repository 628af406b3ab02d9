/** Flags about what skills reach beyond the node, the same for one node and for those of a group. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import { type Result, success } from '../contracts/index.ts';
import { type NodeOptions, readEffects } from '../runtime/index.ts';

export interface EffectsFlags {
  readonly effects?: string;
  readonly secrets?: string;
}

export const secretsFile = (): Option =>
  new Option(
    '--secrets <file>',
    'YAML: secrets that skills use by name; only its owner may be able to read it',
  ).env('SKEIN_SECRETS');

export const effectsFile = (): Option =>
  new Option(
    '--effects <file>',
    'YAML: channels, models and the file of secrets that skills may use where it is granted',
  ).env('SKEIN_EFFECTS');

/** The node option `effects`, or nothing when no flag says anything. Failures: FILE_UNREADABLE, CONFIG_INVALID. */
export async function effectsOf(
  flags: EffectsFlags,
): Promise<Result<Pick<NodeOptions, 'effects'>>> {
  const { effects: file, secrets } = flags;
  if (file === undefined && secrets === undefined) return success({});
  const read = file === undefined ? success({}) : await readEffects(resolve(file));
  if (!read.ok) return read;
  const secretsFile = secrets === undefined ? {} : { secretsFile: resolve(secrets) };
  return success({ effects: { ...read.value, ...secretsFile } });
}
