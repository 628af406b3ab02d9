/** What a publisher can put into a package file: nothing that a node takes may keep it from starting again, or from its other work. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SkillManifest } from '../../src/contracts/index.ts';
import { readIndexEntry, withYanked } from '../../src/skills/cluster-index.ts';
import {
  encodePackage,
  folderPackageStore,
  judgeSignatures,
  loadSkillPackage,
  memoryPackageStore,
  packageOf,
  parsePackage,
  payloadOf,
  readTrustedSigners,
  type SignedPackage,
  SkillRegistry,
  signPackage,
} from '../../src/skills/index.ts';
import { codeIn, valueIn } from '../conformance/journal-suite.ts';
import {
  manifestOf,
  signerKey,
  signerLine,
  signersFile,
  unsignedPackage,
} from '../support/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = signerKey(1);
const signers = valueIn(readTrustedSigners(signersFile(signerLine('mallory', key)), 'signers'));
const trust = { signers: () => signers, wallMs: () => 1_800_000_000_000 };

const nested = (levels: number): object =>
  Array.from({ length: levels }).reduce<object>((inner) => ({ a: inner }), {});
const proto = () => JSON.parse('{"__proto__":{"type":"string"}}') as object;

function hostile(manifest: object, sbom: object = {}): SignedPackage {
  const plain = unsignedPackage('evil', '1.0.0');
  const asked = { ...manifestOf('evil', '1.0.0'), ...manifest } as SkillManifest;
  const skill = packageOf(asked, plain.skill.source);
  return signPackage({ ...plain, skill, sbom: { ...plain.sbom, ...sbom } }, key);
}
const parsed = (signed: SignedPackage) =>
  parsePackage(Buffer.from(encodePackage(signed)).toString(), 'evil');

const CONTENTS: readonly (readonly [string, SignedPackage])[] = [
  ['a schema with a key __proto__', hostile({ input: { properties: proto() } })],
  ['an example with a key __proto__', hostile({ examples: [{ input: proto() }] })],
  ['a schema of 200 levels', hostile({ output: nested(200) })],
  ['an example of 2,000 levels', hostile({ examples: [{ input: nested(2_000) }] })],
  ['a bill of materials of 2,000 levels', hostile({}, { components: [nested(2_000)] })],
  ['a bill of materials with a key __proto__', hostile({}, proto())],
  ...['01.0.0', '1.0.0-01', '1.0.0-..', '1.0.0-', '1.0.0+1', `${'9'.repeat(20)}.0.0`].map(
    (version) => [`the version ${version}`, hostile({ version })] as const,
  ),
  [`a version of 200 characters`, hostile({ version: `1.0.0-${'a'.repeat(200)}` })],
];

describe('a package file', () => {
  it.each(CONTENTS)('with %s is refused', (_, signed) => {
    expect(codeIn(parsed(signed))).toBe('PACKAGE_INVALID');
  });

  it.each(['1.0.0-rc.1', '0.0.1-x-y', '10.20.30-alpha.0.b-2', '1.0.0-0a'])(
    'of version %s is taken, held, and there again after a start',
    async (version) => {
      const store = folderPackageStore(join(folder, version));
      const registry = valueIn(await SkillRegistry.open(store, trust));
      valueIn(await registry.publish(valueIn(parsed(hostile({ version })))));
      valueIn(await registry.publish(hostile({ version: '99.0.0' })));
      const again = valueIn(await SkillRegistry.open(store, trust));
      expect(again.list().map(({ manifest }) => manifest.version)).toEqual([version, '99.0.0']);
    },
  );

  it('signed twice by one key is refused', () => {
    const signed = hostile({});
    const [signature] = signed.signatures;
    if (!signature) throw new Error('nobody signed it');
    const twice = { ...signed, signatures: [signature, { ...signature }] };
    expect(codeIn(parsed(twice))).toBe('PACKAGE_INVALID');
  });

  it('whose signatures are bad but one has each looked at once, whatever is asked of it', async () => {
    const others = Array.from({ length: 15 }, (_, at) => signerKey(at + 2));
    const lines = [key, ...others].map((each, at) => signerLine(`s${at}`, each));
    const all = valueIn(readTrustedSigners(signersFile(...lines), 'signers'));
    const registry = valueIn(
      await SkillRegistry.open(memoryPackageStore(), { ...trust, signers: () => all }),
    );
    const good = hostile({});
    const wrong = others.map((each) => ({
      ...(signPackage({ ...good, signatures: [] }, each).signatures[0] as { keyid: string }),
      sig: good.signatures[0]?.sig ?? '',
    }));
    const reads = { count: 0 };
    const skill = new Proxy(good.skill, {
      get: (target, name) => {
        if (name === 'source') reads.count++;
        return Reflect.get(target, name);
      },
    });
    const signed = { ...good, skill, signatures: [...wrong, ...good.signatures] };
    payloadOf(signed);
    const once = reads.count;
    for (let asked = 0; asked < 5; asked++) expect(registry.judge(signed).ok).toBe(true);
    expect(reads.count).toBe(2 * once);
  });
});

describe('a key with several entries', () => {
  const judge = (...more: readonly string[]) => {
    const lines = more.map((each, at) => signerLine(`s${at}`, key, each));
    const all = valueIn(readTrustedSigners(signersFile(...lines), 'signers'));
    const judged = judgeSignatures(hostile({}), all, trust.wallMs());
    return judged.ok ? judged.value.name : (judged.error.details as { why: string }).why;
  };

  it('is revoked where one of them says so, whichever comes first', () => {
    expect(judge('', 'revoked: true')).toBe('revoked');
    expect(judge('revoked: true', '')).toBe('revoked');
    expect(judge('skills: [other]', 'skills: [evil]', 'revoked: true')).toBe('revoked');
  });

  it('counts by any that fits, and by none that does not', () => {
    expect(judge('skills: [other]', 'skills: [ev*]')).toBe('s1');
    expect(judge('notAfter: 2001-01-01', '')).toBe('s1');
    expect(judge('skills: [other]', 'notAfter: 2001-01-01')).toBe('other-skills');
  });
});

describe('a name of what comes with Skein', () => {
  it.each(['1.0.0', '1.0.1', '99.0.0', '0.0.1'])(
    'is nobody else’s, in version %s',
    async (version) => {
      const registry = valueIn(await SkillRegistry.open(memoryPackageStore(), trust));
      const own = packageOf(manifestOf('evil', '1.0.0'), 'export default () => "own";');
      valueIn(registry.hold(own, 'built-in'));
      expect(codeIn(await registry.publish(hostile({ version })))).toBe('VERSION_REFUSED');
      expect(codeIn(await registry.take(hostile({ version })))).toBe('VERSION_REFUSED');
      expect(valueIn(registry.find('evil')).contentHash).toBe(own.contentHash);
    },
  );
});

describe('a folder of an author', () => {
  it.each([
    ['skill.json', '/dev/zero'],
    ['index.js', '/dev/zero'],
    ['skill.json', '/proc/self/fd'],
    ['index.js', '/proc/kmsg'],
  ])('whose %s leads to %s is refused', async (name, target) => {
    const place = mkdtempSync(join(folder, 'author-'));
    writeFileSync(join(place, 'skill.json'), JSON.stringify(manifestOf('evil', '1.0.0')));
    rmSync(join(place, name), { force: true });
    symlinkSync(target, join(place, name));
    expect(codeIn(await loadSkillPackage(place))).toBe('FILE_UNREADABLE');
  });
});

it.each([
  ['nested brackets', `x=${'('.repeat(5_000)}a${')'.repeat(5_000)}`],
  ['functions in functions', `x=${'(a='.repeat(5_000)}b${')=>1'.repeat(5_000)}`],
  ['types in types', `type A=${'('.repeat(5_000)}a${')'.repeat(5_000)}`],
])('an author’s TypeScript with %s breaks the parser of no other', async (_, source) => {
  const folderOf = (text: string): string => {
    const place = mkdtempSync(join(folder, 'typed-'));
    writeFileSync(join(place, 'skill.json'), JSON.stringify(manifestOf('typed', '1.0.0')));
    writeFileSync(join(place, 'index.ts'), text);
    return place;
  };
  expect(codeIn(await loadSkillPackage(folderOf(source)))).toBe('SKILL_REFUSED');
  const honest = await loadSkillPackage(folderOf('export default (n: number) => n;'));
  expect(valueIn(honest).source).toBe('export default (n        ) => n;');
  expect(stripTypeScriptTypes('let a: number;')).toBe('let a        ;');
});

describe('the index of a cluster', () => {
  const indexed = { contentHash: 'a'.repeat(64), file: 'b'.repeat(64) };

  it.each(['x', '01.0.0', '1', '', '__proto__'])('with a version %j is none', (version) => {
    const versions = JSON.parse(`{${JSON.stringify(version)}:${JSON.stringify(indexed)}}`);
    expect(readIndexEntry({ versions })).toBeUndefined();
  });

  it.each(['constructor', '__proto__', 'toString'])('has no version %s to yank', (version) => {
    const entry = { versions: { '1.0.0': indexed } };
    expect(codeIn(withYanked(entry, { name: 'evil', version }, 'why'))).toBe('SKILL_NOT_FOUND');
  });
});
