/** Flags about what skills reach beyond the node, the same for one node and for those of a group. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { NodeOptions } from '../runtime/index.ts';

export interface EffectsFlags {
  readonly secrets?: string;
}

export const secretsFile = (): Option =>
  new Option(
    '--secrets <file>',
    'YAML: secrets that skills use by name; only its owner may be able to read it',
  ).env('SKEIN_SECRETS');

/** @returns the node option `effects`, or nothing when no flag says anything */
export function effectsOf({ secrets }: EffectsFlags): Pick<NodeOptions, 'effects'> {
  return secrets === undefined ? {} : { effects: { secretsFile: resolve(secrets) } };
}
