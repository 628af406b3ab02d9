import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contracts/index.ts';
import {
  encodePackage,
  packageFileName,
  packageOf,
  parsePackage,
  preAuthentication,
  readPackageFile,
  type SignedPackage,
  signPackage,
} from '../../../src/skills/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { manifestOf, signedPackage, signerKey, unsignedPackage } from '../../support/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-package-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = signerKey(1);
const text = (signed: SignedPackage) => Buffer.from(encodePackage(signed)).toString();
const parse = (file: string) => parsePackage(file, 'x.skein.json');

/** The package's file with its envelope, or its payload, changed. */
function changed(
  signed: SignedPackage,
  change: (envelope: Record<string, unknown>) => void,
): string {
  const envelope = JSON.parse(text(signed)) as Record<string, unknown>;
  change(envelope);
  return JSON.stringify(envelope);
}
const repacked = (signed: SignedPackage, change: (payload: string) => string | Uint8Array) =>
  changed(signed, (envelope) => {
    const payload = Buffer.from(String(envelope.payload), 'base64').toString();
    envelope.payload = Buffer.from(change(payload)).toString('base64');
  });

describe('a package file', () => {
  it('is read as it was written, and has one text for one content', () => {
    const signed = signedPackage(key, 'weather', '1.2.3');
    expect(valueIn(parse(text(signed)))).toEqual(signed);
    expect(text(valueIn(parse(text(signed))))).toBe(text(signed));
    expect(packageFileName(signed)).toBe('weather-1.2.3.skein.json');
  });

  it('keeps every source that text can hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (source) => {
        const signed = signedPackage(key, 'a', '1.0.0', source);
        expect(valueIn(parse(text(signed)))).toEqual(signed);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('holds a signature a key: signing again with the same key replaces it', () => {
    const twice = signPackage(signedPackage(key, 'a', '1.0.0'), key);
    expect(twice.signatures).toHaveLength(1);
    expect(signPackage(twice, signerKey(2)).signatures).toHaveLength(2);
  });

  it('whose content is not that of its hash is refused as tampered with', () => {
    const signed = signedPackage(key, 'a', '1.0.0');
    const other = packageOf(manifestOf('a', '1.0.0'), 'export default () => 2;');
    const forged = { ...signed, skill: { ...other, contentHash: signed.skill.contentHash } };
    expect(parse(text(forged))).toMatchObject({
      ok: false,
      error: { code: 'PACKAGE_TAMPERED', message: expect.stringContaining('hash') },
    });
  });

  it.each([
    ['no JSON', '/', () => 'no JSON'],
    [
      'another type of payload',
      '/payloadType',
      () =>
        changed(unsigned, (e) => {
          e.payloadType = 'text/plain';
        }),
    ],
    [
      'a field that nobody knows',
      '/note',
      () =>
        changed(unsigned, (e) => {
          e.note = 1;
        }),
    ],
    [
      'a signature of another form',
      '/signatures/0/sig',
      () =>
        changed(signed1, (e) => {
          e.signatures = [{ ...signed1.signatures[0], sig: 'AAAA' }];
        }),
    ],
    [
      'a payload that is no base64',
      '/payload',
      () =>
        changed(unsigned, (e) => {
          e.payload = `${e.payload}*`;
        }),
    ],
    [
      'bytes that are no UTF-8',
      '/payload',
      () => repacked(unsigned, () => Buffer.from([0x7b, 0xff, 0x7d])),
    ],
    [
      'a payload with spaces',
      '/payload',
      () => repacked(unsigned, (payload) => payload.replace('{', '{ ')),
    ],
    [
      'a key twice',
      '/payload',
      () => repacked(unsigned, (payload) => payload.replace('{', '{"contentHash":"x",')),
    ],
    [
      'a manifest that is none',
      '/payload/manifest',
      () =>
        repacked(unsigned, (payload) => payload.replace('"version":"1.0.0"', '"versiom":"1.0.0"')),
    ],
    [
      'a name with a path in it',
      '/payload/manifest/name',
      () => repacked(unsigned, (payload) => payload.replace('"name":"a"', '"name":"../a"')),
    ],
  ])('with %s is refused, with the place', (_what, pointer, made) => {
    expect(parse(made())).toMatchObject({
      ok: false,
      error: {
        code: 'PACKAGE_INVALID',
        details: { file: 'x.skein.json', pointer: expect.stringContaining(pointer) },
      },
    });
  });

  it('that is too large is not even read', async () => {
    const file = join(folder, 'large.skein.json');
    writeFileSync(file, '{');
    truncateSync(file, LIMITS.packageBytes + 1);
    expect(statSync(file).size).toBeGreaterThan(LIMITS.packageBytes);
    expect(await readPackageFile(file)).toMatchObject({ error: { code: 'FILE_UNREADABLE' } });
  });
});

const unsigned = unsignedPackage('a', '1.0.0');
const signed1 = signedPackage(key, 'a', '1.0.0');

it('no changed byte of a signed file passes for the package that was signed', () => {
  const file = text(signed1);
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.constantFrom(...'Ab0/"{}:1'), (at, character) => {
      const other = file.slice(0, at) + character + file.slice(at + 1);
      const read = parse(other);
      if (read.ok && other !== file) expect(read.value).not.toEqual(signed1);
    }),
    { numRuns: 300, seed: 7 },
  );
});

it('what is signed is the pre-authentication encoding of DSSE', () => {
  const said = Buffer.from(
    preAuthentication('http://example.com/HelloWorld', Buffer.from('hello world')),
  );
  expect(said.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});
