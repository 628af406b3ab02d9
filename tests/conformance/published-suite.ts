/** What every body of the registry owes to those who publish: one node alone, and nodes that share an index. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/contracts/index.ts';
import {
  packageOf,
  readTrustedSigners,
  type SkillRegistry,
  type TrustedSigner,
} from '../../src/skills/index.ts';
import {
  signedPackage,
  signerKey,
  signerLine,
  signersFile,
  unsignedPackage,
} from '../support/packages.ts';
import type { OpenReplica } from '../support/replicas.ts';
import { valueIn } from './journal-suite.ts';

/** Whom the registries of a test believe, and when: changed while they are open. */
export interface TestTrust {
  signers: readonly TrustedSigner[];
  wallMs: number;
}

/** `restart`: the next life of the node on the same store. */
export type OpenRegistry = Omit<OpenReplica, 'replica'>;

export interface PublishedSuite {
  readonly name: string;
  readonly open: (trust: TestTrust) => Promise<OpenRegistry>;
}

export const signersNamed = (...lines: readonly string[]): readonly TrustedSigner[] =>
  valueIn(readTrustedSigners(signersFile(...lines), 'trusted-signers.yaml'));

const [ann, ben, eve] = [signerKey(1), signerKey(2), signerKey(3)];
const NOW_MS = Date.parse('2026-06-01');
const errorIn = (result: Result<unknown>) => (result.ok ? 'it was taken' : result.error);

export function publishedSuite({ name, open }: PublishedSuite): void {
  describe(`published packages: ${name}`, () => {
    let opened: OpenRegistry | undefined;
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });
    const openFor = async (...lines: readonly string[]) => {
      const trust: TestTrust = { signers: signersNamed(...lines), wallMs: NOW_MS };
      opened = await open(trust);
      return { ...opened, trust };
    };
    const found = (registry: SkillRegistry, wanted: string) =>
      valueIn(registry.find(wanted)).manifest.version;

    it('are found by name, range and version, in the next life too, with who signed them', async () => {
      const { publish, registry, restart } = await openFor(signerLine('ann', ann));
      for (const version of ['1.0.0', '1.9.0', '1.10.0', '2.0.0'])
        valueIn(await publish(signedPackage(ann, 'a', version)));
      for (const life of ['first', 'next']) {
        if (life === 'next') await restart();
        expect(found(registry(), 'a')).toBe('2.0.0');
        expect(found(registry(), 'a@^1')).toBe('1.10.0');
        expect(found(registry(), 'a@1.0.0')).toBe('1.0.0');
        expect(registry().entries()).toHaveLength(4);
        expect(registry().entries()[0]).toMatchObject({
          ...{ name: 'a', version: '1.0.0', origin: 'published' },
          ...{ signer: 'ann', yanked: null, refused: null },
        });
      }
    });

    it('are refused, with the reason, when no signature counts', async () => {
      const { publish, registry } = await openFor(
        signerLine('ann', ann, 'skills: [a*]'),
        signerLine('ben', ben, 'revoked: true'),
        signerLine('old', signerKey(4), 'notAfter: 2026-01-01'),
      );
      const signed = signedPackage(ann, 'a', '1.0.0');
      const tampered = { ...signed, skill: packageOf(signed.skill.manifest, 'export default 2;') };
      const cases = [
        [unsignedPackage('a', '1.0.0'), 'unsigned', /nobody signed it/],
        [signedPackage(eve, 'a', '1.0.0'), 'unknown-key', /not trusted here/],
        [signedPackage(ben, 'a', '1.0.0'), 'revoked', /revoked/],
        [signedPackage(signerKey(4), 'a', '1.0.0'), 'expired', /counts no longer/],
        [signedPackage(ann, 'b', '1.0.0'), 'other-skills', /may not sign skills named b/],
        [tampered, 'wrong', /does not fit its content/],
      ] as const;
      for (const [each, why, message] of cases) {
        const refused = { code: 'SIGNATURE_REFUSED', details: { why } };
        const error = errorIn(await publish(each));
        expect(error).toMatchObject({ ...refused, message: expect.stringMatching(message) });
      }
      expect(registry().list()).toEqual([]);
    });

    it('go upwards: an older version is refused unless it is meant, and a version has one content', async () => {
      const { publish, registry, restart } = await openFor(signerLine('ann', ann));
      valueIn(await publish(signedPackage(ann, 'a', '1.1.0')));
      await restart();
      const older = signedPackage(ann, 'a', '1.0.9');
      expect(errorIn(await publish(older))).toMatchObject({
        code: 'VERSION_REFUSED',
        message: 'a@1.0.9 is refused: 1.1.0 is published, and this is older',
      });
      expect(
        errorIn(await publish(signedPackage(ann, 'a', '1.1.0', 'export default 2;'))),
      ).toMatchObject({
        code: 'VERSION_REFUSED',
        message: expect.stringMatching(/held with content .* it takes a new version/),
      });
      valueIn(await publish(signedPackage(ann, 'a', '1.1.0')));
      valueIn(await publish(older, { allowOlder: true }));
      expect(found(registry(), 'a')).toBe('1.1.0');
      expect(found(registry(), 'a@1.0.9')).toBe('1.0.9');
    });

    it('that are yanked are passed over by ranges, kept by pins, and may come back', async () => {
      const { publish, yank, registry, restart } = await openFor(signerLine('ann', ann));
      valueIn(await publish(signedPackage(ann, 'a', '1.0.0')));
      valueIn(await publish(signedPackage(ann, 'a', '1.1.0')));
      valueIn(await yank('a', '1.1.0', 'it loses letters'));
      await restart();
      expect(found(registry(), 'a')).toBe('1.0.0');
      expect(found(registry(), 'a@^1.0')).toBe('1.0.0');
      expect(found(registry(), 'a@1.1.0')).toBe('1.1.0');
      expect(errorIn(registry().find('a@^1.1'))).toMatchObject({
        code: 'SKILL_NOT_FOUND',
        message: expect.stringContaining('1.1.0 (yanked)'),
      });
      expect(registry().entries()[1]).toMatchObject({
        version: '1.1.0',
        yanked: 'it loses letters',
      });
      valueIn(await publish(signedPackage(ann, 'a', '1.1.0')));
      expect(found(registry(), 'a')).toBe('1.0.0');
      valueIn(await yank('a', '1.1.0', undefined));
      expect(found(registry(), 'a')).toBe('1.1.0');
      expect(errorIn(await yank('a', '3.0.0', 'x'))).toMatchObject({ code: 'SKILL_NOT_FOUND' });
    });

    it('run as long as a key that signed them counts, and again when another has', async () => {
      const { publish, registry, trust } = await openFor(signerLine('ann', ann));
      const signed = signedPackage(ann, 'a', '1.0.0');
      const skill = valueIn(await publish(signed));
      expect(registry().refusal(skill)).toBeUndefined();
      trust.signers = signersNamed(signerLine('ann', ann, 'revoked: true'), signerLine('ben', ben));
      expect(registry().refusal(skill)).toMatchObject({
        error: { code: 'SIGNATURE_REFUSED', details: { why: 'revoked' } },
      });
      expect(registry().entries()[0]?.refused).toMatch(/the key \w+ of ann is revoked/);
      const renewed = { ...signed, signatures: signedPackage(ben, 'a', '1.0.0').signatures };
      valueIn(await publish(renewed));
      expect(registry().refusal(valueIn(registry().find('a')))).toBeUndefined();
      expect(registry().entries()[0]).toMatchObject({ signer: 'ben', refused: null });
    });
  });
}
