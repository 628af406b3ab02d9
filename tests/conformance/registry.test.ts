import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SkillPackage } from '../../src/contracts/index.ts';
import { realTimers } from '../../src/host/index.ts';
import { memoryObjects, memoryState, openJetStreamObjects } from '../../src/journal/index.ts';
import {
  folderPackageStore,
  memoryPackageStore,
  type PackageStore,
  packageOf,
  SkillRegistry,
} from '../../src/skills/index.ts';
import type { Nats } from '../../src/transport/index.ts';
import { dialTest, openTestState } from '../support/jetstream.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { openReplica } from '../support/replicas.ts';
import { codeIn, valueIn } from './journal-suite.ts';
import { publishedSuite, type TestTrust } from './published-suite.ts';

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
    expect(codeIn(await registry.register(other))).toBe('VERSION_REFUSED');
    const next = valueIn(await SkillRegistry.open(store()));
    expect(codeIn(await next.register(other))).toBe('VERSION_REFUSED');
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

for (const [name, body] of bodies) {
  publishedSuite({
    name,
    open: async (trust) => {
      const store = body();
      const next = async () => valueIn(await SkillRegistry.open(store(), trustOf(trust)));
      let registry = await next();
      return {
        registry: () => registry,
        publish: (signed, options) => registry.publish(signed, options),
        yank: (...named) => registry.yank(...named),
        restart: async () => {
          registry = await next();
        },
        close: async () => undefined,
      };
    },
  });
}

const trustOf = (trust: TestTrust) => ({
  signers: () => trust.signers,
  wallMs: () => trust.wallMs,
});

publishedSuite({
  name: 'cluster, in memory',
  open: async (trust) => {
    const [state, objects, store] = [memoryState(), memoryObjects(), memoryPackageStore()];
    return openReplica({ state, objects, store, trust: trustOf(trust) });
  },
});

let server: TestNats;
let nats: Nats;
let buckets = 0;
beforeAll(async () => {
  server = await startTestNats();
  nats = await dialTest(server.url);
});
afterAll(async () => {
  await nats.close();
  await server.close();
});
const openTestObjects = async (name: string) =>
  valueIn(await openJetStreamObjects({ nats, timers: realTimers, cluster: 'test', name }));

publishedSuite({
  name: 'cluster, in JetStream',
  open: async (trust) => {
    const name = `registry-${++buckets}`;
    const state = await openTestState(nats, name);
    const objects = await openTestObjects(name);
    const store = folderPackageStore(newFolder());
    const opened = await openReplica({ state, objects, store, trust: trustOf(trust) });
    const close = async (): Promise<void> => {
      await opened.close();
      await state.close();
    };
    return { ...opened, close };
  },
});

describe('objects in JetStream', () => {
  it('come back as they were put, in pieces, the later of two; one that is nowhere is undefined', async () => {
    const objects = await openTestObjects('objects');
    const large = Uint8Array.from({ length: 5_000_000 }, (_, at) => (at * 7) % 251);
    valueIn(await objects.put('large', Uint8Array.of(1)));
    valueIn(await objects.put('large', large));
    expect(Buffer.from(valueIn(await objects.get('large')) ?? []).equals(large)).toBe(true);
    expect(valueIn(await objects.get('none'))).toBeUndefined();
    const again = await openTestObjects('objects');
    expect(valueIn(await again.get('large'))?.byteLength).toBe(large.byteLength);
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
