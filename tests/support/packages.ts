/** Packages and signers for tests. */
import type { SkillManifest } from '../../src/contracts/index.ts';
import { seededRandom } from '../../src/host/index.ts';
import {
  packageOf,
  type SignedPackage,
  type SignerKey,
  signPackage,
} from '../../src/skills/index.ts';
import { keyText, newSeed, nodeKeyOf } from '../../src/transport/index.ts';

export const signerKey = (seed: number): SignerKey => nodeKeyOf(newSeed(seededRandom(seed)));

export const manifestOf = (name: string, version: string): SkillManifest => ({
  name,
  version,
  description: 'x',
  input: true,
  output: true,
});

export function unsignedPackage(
  name: string,
  version: string,
  source = 'export default () => 1;',
): SignedPackage {
  const skill = packageOf(manifestOf(name, version), source);
  const sbom = { bomFormat: 'CycloneDX', specVersion: '1.6', components: [] } as const;
  return { skill, sbom: { ...sbom, components: [] }, signatures: [] };
}

export const signedPackage = (
  key: SignerKey,
  ...content: Parameters<typeof unsignedPackage>
): SignedPackage => signPackage(unsignedPackage(...content), key);

/** A line of trusted-signers.yaml. `more` is YAML of further fields. */
export const signerLine = (name: string, { publicKey }: SignerKey, more = ''): string =>
  `  - { name: ${name}, publicKey: ${keyText(publicKey)}${more === '' ? '' : `, ${more}`} }\n`;

export const signersFile = (...lines: readonly string[]): string =>
  lines.length === 0 ? 'signers: []\n' : `signers:\n${lines.join('')}`;
