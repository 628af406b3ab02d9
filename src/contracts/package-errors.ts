/** Errors of skill packages: what they are built from, what is in them, who signed them, and which versions there may be. */
import { badInput, type Mismatch, mismatch, row } from './error-row.ts';

export const PACKAGE_ERRORS = {
  PACKAGE_INVALID: badInput<Mismatch>(
    mismatch,
    'Make the package again: `skein skills pack`. What is inside one: `skein skills inspect`.',
  ),
  PACKAGE_TAMPERED: row(
    'input',
    422,
    1,
    'final',
  )<{ package: string; reason: string }>(
    (d) => `${d.package} is not what its author packed: ${d.reason}`,
    'Do not use it. Get the package again from its author, or make it again from its folder.',
  ),
  SIGNATURE_REFUSED: row(
    'input',
    403,
    1,
    'final',
  )<{
    package: string;
    why:
      | 'unsigned'
      | 'unknown-key'
      | 'wrong'
      | 'revoked'
      | 'expired'
      | 'too-early'
      | 'other-skills';
    reason: string;
  }>(
    (d) => `${d.package} is refused: ${d.reason}`,
    'Sign it with a key that the operator trusts (`skein skills sign`), or have the key added to trusted-signers.yaml.',
  ),
  SIGNER_KEY_UNUSABLE: row(
    'input',
    500,
    2,
    'final',
  )<{ file: string; reason: string }>(
    (d) => `the signing key in ${d.file} cannot be used: ${d.reason}`,
    'Let its owner alone read it (chmod 600), or make a new one with `skein skills keygen` and have it trusted.',
  ),
  VERSION_REFUSED: row(
    'input',
    409,
    2,
    'final',
  )<{ skill: string; version: string; reason: string }>(
    (d) => `${d.skill}@${d.version} is refused: ${d.reason}`,
    'Give other content a new version, above those that there are; --allow-older publishes a lower one.',
  ),
  SKILL_BUILD_FAILED: row(
    'input',
    422,
    1,
    'final',
  )<{
    file: string;
    line?: number;
    column?: number;
    reason: string;
    /** Further faults, each as `file:line:column: reason`. */
    more?: readonly string[];
  }>(
    (d) =>
      [
        `${d.file}${d.line === undefined ? '' : `:${d.line}:${d.column ?? 1}`}: ${d.reason}`,
        ...(d.more ?? []),
      ].join('\n  '),
    'Correct the source at the place named. A skill has no Node modules, no network and no timers but what ctx gives it.',
  ),
} as const;
