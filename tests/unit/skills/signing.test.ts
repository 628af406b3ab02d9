import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { realTimers, seededRandom } from '../../../src/host/index.ts';
import {
  judgeSignatures,
  makeSignerKey,
  packageOf,
  readSignerKey,
  readTrustedSigners,
  type SignedPackage,
  signPackage,
  TrustFile,
} from '../../../src/skills/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import {
  manifestOf,
  signedPackage,
  signerKey,
  signerLine,
  signersFile,
  unsignedPackage,
} from '../../support/packages.ts';
import { recordingLog } from '../../support/systems.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-signing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [ada, eve] = [signerKey(1), signerKey(2)];
const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
const judge = (signed: SignedPackage, ...lines: readonly string[]) =>
  judgeSignatures(signed, valueIn(readTrustedSigners(signersFile(...lines), 'x.yaml')), NOW_MS);
const weather = signedPackage(ada, 'weather', '1.0.0');

describe('a signed package', () => {
  it('is taken for the signature of a trusted key', () => {
    expect(valueIn(judge(weather, signerLine('Ada', ada))).name).toBe('Ada');
    expect(judge(weather, signerLine('Ada', ada, 'skills: [weather, acme-*]')).ok).toBe(true);
    expect(
      judge(
        weather,
        signerLine('Ada', ada, 'notBefore: 2026-01-01, notAfter: "2027-01-01T00:00:00Z"'),
      ).ok,
    ).toBe(true);
  });

  it.each([
    ['unsigned', 'nobody signed it', unsignedPackage('weather', '1.0.0'), signerLine('Ada', ada)],
    ['unknown-key', 'not trusted here', weather, signerLine('Eve', eve)],
    ['revoked', 'of Ada is revoked', weather, signerLine('Ada', ada, 'revoked: true')],
    ['expired', 'counts no longer', weather, signerLine('Ada', ada, 'notAfter: 2026-05-31')],
    ['too-early', 'does not count yet', weather, signerLine('Ada', ada, 'notBefore: 2026-06-02')],
    [
      'other-skills',
      'Ada may not sign skills named weather',
      weather,
      signerLine('Ada', ada, 'skills: [acme-*, weathe]'),
    ],
    ['wrong', 'does not fit its content', movedSignature(), signerLine('Ada', ada)],
  ] as const)('is refused when it is %s: %s', (why, reason, signed, line) => {
    expect(judge(signed, line)).toMatchObject({
      ok: false,
      error: {
        code: 'SIGNATURE_REFUSED',
        details: { package: 'weather@1.0.0', why },
        message: expect.stringContaining(reason),
      },
    });
  });

  it('is taken for one good signature beside others: so keys rotate', () => {
    const both = signPackage(weather, eve);
    const rotated = judge(both, signerLine('Ada', ada, 'revoked: true'), signerLine('Eve', eve));
    expect(valueIn(rotated).name).toBe('Eve');
  });

  it('is judged anew for other content under signatures that were good once', () => {
    expect(judge(weather, signerLine('Ada', ada)).ok).toBe(true);
    const other = {
      ...weather,
      skill: packageOf(manifestOf('weather', '1.0.0'), 'export default () => 2;'),
    };
    expect(judge(other, signerLine('Ada', ada))).toMatchObject({
      error: { details: { why: 'wrong' } },
    });
  });

  /** The signature of another package. */
  function movedSignature(): SignedPackage {
    return { ...weather, signatures: signedPackage(ada, 'weather', '1.0.1').signatures };
  }
});

describe('trusted-signers.yaml', () => {
  it.each([
    ['signers:\n  - { name: Ada, publicKey: short }\n', '/signers/0/publicKey', 2],
    [signersFile(signerLine('Ada', ada, 'notAfter: soon')), '/signers/0/notAfter', undefined],
    [signersFile(signerLine('Ada', ada, 'skill: x')), '/signers/0/skill', 2],
    ['signers: 1\n', '/signers', 1],
  ])('with %j is refused at %s', (text, pointer, line) => {
    const read = readTrustedSigners(text, 'x.yaml');
    expect(read).toMatchObject({
      error: { code: 'CONFIG_INVALID', details: { file: 'x.yaml', pointer } },
    });
    if (line !== undefined && !read.ok && pointer !== '/signers/0/publicKey')
      expect(read.error.details).toMatchObject({ line });
  });

  it('is read again when it changes, and a broken edit changes nothing', async () => {
    const file = join(folder, 'trusted-signers.yaml');
    const { log, lines } = recordingLog();
    const trust = valueIn(await TrustFile.open({ file, timers: realTimers, log }));
    let told = 0;
    const forget = trust.onChange(() => told++);
    try {
      expect(trust.signers()).toEqual([]);
      writeFileSync(file, signersFile(signerLine('Ada', ada)));
      valueIn(await trust.refresh());
      expect(trust.signers().map(({ name }) => name)).toEqual(['Ada']);
      writeFileSync(file, 'signers: [');
      expect(await trust.refresh()).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
      expect(trust.problem()?.code).toBe('CONFIG_INVALID');
      expect(trust.signers().map(({ name }) => name)).toEqual(['Ada']);
      expect(lines.some(({ level }) => level === 'error')).toBe(true);
      writeFileSync(`${file}.new`, signersFile(signerLine('Eve', eve)));
      renameSync(`${file}.new`, file);
      valueIn(await trust.refresh());
      expect(trust.signers().map(({ name }) => name)).toEqual(['Eve']);
      expect(trust.problem()).toBeUndefined();
      rmSync(file);
      valueIn(await trust.refresh());
      expect(trust.signers()).toEqual([]);
      expect(told).toBe(3);
    } finally {
      forget();
      trust.close();
    }
  });

  it('that is broken from the start is refused', async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'signers: [');
    const opened = await TrustFile.open({ file, timers: realTimers, log: recordingLog().log });
    expect(opened).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
  });
});

describe('a signing key', () => {
  it('is in a file of its owner alone, and is never overwritten', async () => {
    const file = join(folder, 'ada.key');
    const made = valueIn(await makeSignerKey(file, seededRandom(1)));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(valueIn(await readSignerKey(file)).publicKey).toEqual(made.publicKey);
    const text = readFileSync(file, 'utf8');
    expect(await makeSignerKey(file, seededRandom(2))).toMatchObject({
      error: { code: 'SIGNER_KEY_UNUSABLE', message: expect.stringContaining('not overwritten') },
    });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([
    ['others may read', (file: string) => chmodSync(file, 0o644), 'mode is 644'],
    [
      'is damaged',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('1 ', '1 f')),
      'damaged',
    ],
    ['is gone', (file: string) => rmSync(file), 'ENOENT'],
  ])('that %s is refused', async (what, harm, reason) => {
    const file = join(folder, `${what}.key`);
    valueIn(await makeSignerKey(file, seededRandom(1)));
    harm(file);
    expect(await readSignerKey(file)).toMatchObject({
      error: { code: 'SIGNER_KEY_UNUSABLE', message: expect.stringContaining(reason) },
    });
  });
});
