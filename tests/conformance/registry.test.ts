import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SkillPackage } from '../../src/contracts/index.ts';
import {
  folderPackageStore,
  memoryPackageStore,
  type PackageStore,
  packageOf,
  SkillRegistry,
} from '../../src/skills/index.ts';
import { codeIn, valueIn } from './journal-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'skein-registry-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);

const skill = (name: string, version: string, source = 'export default () => 1'): SkillPackage =>
  packageOf({ name, version, description: 'x', input: true, output: true }, source);
const held = (registry: SkillRegistry) =>
  registry.list().map(({ manifest }) => `${manifest.name}@${manifest.version}`);

/** A body gives a function that opens the same store again, as the next life of a node does. */
const bodies: readonly (readonly [string, () => () => PackageStore])[] = [
  [
    'memory',
    () => {
      const store = memoryPackageStore();
      return () => store;
    },
  ],
  [
    'folder',
    () => {
      const folder = newFolder();
      return () => folderPackageStore(folder);
    },
  ],
];

describe.each(bodies)('registry: %s', (_name, body) => {
  it('has after every start what it registered, and not what it only held', async () => {
    const store = body();
    const first = valueIn(await SkillRegistry.open(store()));
    valueIn(await first.register(skill('a', '1.0.0')));
    valueIn(await first.register(skill('a', '1.10.0')));
    valueIn(first.hold(skill('built-in', '1.0.0')));
    expect(held(first)).toEqual(['a@1.0.0', 'a@1.10.0', 'built-in@1.0.0']);
    const second = valueIn(await SkillRegistry.open(store()));
    expect(held(second)).toEqual(['a@1.0.0', 'a@1.10.0']);
    expect(valueIn(second.find('a@^1'))).toEqual(skill('a', '1.10.0'));
  });

  it('takes the same content again, and refuses other content under a version for ever', async () => {
    const store = body();
    const registry = valueIn(await SkillRegistry.open(store()));
    valueIn(await registry.register(skill('a', '1.0.0')));
    valueIn(await registry.register(skill('a', '1.0.0')));
    const other = skill('a', '1.0.0', 'export default () => 2');
    expect(codeIn(await registry.register(other))).toBe('MANIFEST_INVALID');
    const next = valueIn(await SkillRegistry.open(store()));
    expect(codeIn(await next.register(other))).toBe('MANIFEST_INVALID');
    expect(valueIn(next.find('a')).source).toBe('export default () => 1');
  });

  it('holds what a model holds, over any order of registrations and starts', async () => {
    const step = fc.oneof(
      fc.record({
        name: fc.constantFrom('a', 'b'),
        patch: fc.nat(3),
        text: fc.constantFrom('1', '2'),
      }),
      fc.constant('restart' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const store = body();
        const model = new Map<string, string>();
        let registry = valueIn(await SkillRegistry.open(store()));
        for (const each of steps) {
          if (each === 'restart') {
            registry = valueIn(await SkillRegistry.open(store()));
            continue;
          }
          const { name, patch, text } = each;
          const id = `${name}@1.0.${patch}`;
          const added = await registry.register(skill(name, `1.0.${patch}`, text));
          expect(added.ok).toBe((model.get(id) ?? text) === text);
          if (added.ok) model.set(id, text);
        }
        expect(held(registry)).toEqual([...model.keys()].sort());
        for (const [id, text] of model) expect(valueIn(registry.find(id)).source).toBe(text);
      }),
      { numRuns: 30, seed: 7 },
    );
  });
});

describe('a folder of packages', () => {
  it('that was changed by another hand is refused with the file named', async () => {
    for (const damage of [
      (text: string) => text.replace('=> 1', '=> 2'),
      () => '{"manifest":',
      () => 'null',
      () => '[]',
    ]) {
      const folder = newFolder();
      const registry = valueIn(await SkillRegistry.open(folderPackageStore(folder)));
      valueIn(await registry.register(skill('a', '1.0.0')));
      const [name = ''] = readdirSync(folder);
      const file = join(folder, name);
      writeFileSync(file, damage(readFileSync(file, 'utf8')));
      const opened = await SkillRegistry.open(folderPackageStore(folder));
      expect(opened).toMatchObject({
        ok: false,
        error: { code: 'REGISTRY_DAMAGED', details: { file } },
      });
    }
  });

  it('ignores the half of a file that a killed writer left', async () => {
    const folder = newFolder();
    const registry = valueIn(await SkillRegistry.open(folderPackageStore(folder)));
    valueIn(await registry.register(skill('a', '1.0.0')));
    writeFileSync(join(folder, 'b@1.0.0.json.new'), '{"manif');
    expect(held(valueIn(await SkillRegistry.open(folderPackageStore(folder))))).toEqual([
      'a@1.0.0',
    ]);
  });
});
