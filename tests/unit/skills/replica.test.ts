import { beforeEach, describe, expect, it } from 'vitest';
import { failure, type Json, type SharedState } from '../../../src/contracts/index.ts';
import { type SimulatedTime, simulatedTime } from '../../../src/host/index.ts';
import { memoryObjects, memoryState, type Objects } from '../../../src/journal/index.ts';
import {
  encodePackage,
  fileHashOf,
  memoryPackageStore,
  RegistryReplica,
  type SignedPackage,
  SkillRegistry,
} from '../../../src/skills/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { signersNamed, type TestTrust } from '../../conformance/published-suite.ts';
import { signedPackage, signerKey, signerLine } from '../../support/packages.ts';
import { recordingLog } from '../../support/systems.ts';

const [ann, eve] = [signerKey(1), signerKey(3)];
const annCounts = (): TestTrust => ({ signers: signersNamed(signerLine('ann', ann)), wallMs: 0 });

let time: SimulatedTime;
let state: SharedState;
let objects: Objects;
beforeEach(() => {
  time = simulatedTime();
  state = memoryState();
  objects = memoryObjects();
});

async function startNode(trust = annCounts()) {
  const store = memoryPackageStore();
  const registry = valueIn(
    await SkillRegistry.open(store, { signers: () => trust.signers, wallMs: () => trust.wallMs }),
  );
  const { log, lines } = recordingLog();
  const parts = { state, objects, registry, timers: time.timers, log };
  const replica = valueIn(RegistryReplica.start(parts));
  const settle = async () => {
    await time.settle();
    await replica.settled();
    await time.settle();
  };
  const held = () => registry.list().map(({ manifest: m }) => `${m.name}@${m.version}`);
  return { registry, replica, settle, held, store, lines };
}

/** What somebody who may write to NATS, and has no trusted key, could do. */
async function smuggle(signed: SignedPackage, bytes = encodePackage(signed)): Promise<string> {
  const { manifest, contentHash } = signed.skill;
  const file = fileHashOf(encodePackage(signed));
  valueIn(await objects.put(file, bytes));
  const entry = { versions: { [manifest.version]: { contentHash, file } } };
  valueIn(await state.put(`skill.${manifest.name}`, entry as unknown as Json));
  return file;
}

describe('nodes with one index', () => {
  it('have what any of them publishes and yanks, those that come later too', async () => {
    const [one, two] = [await startNode(), await startNode()];
    valueIn(await one.replica.publish(signedPackage(ann, 'a', '1.0.0')));
    valueIn(await two.replica.publish(signedPackage(ann, 'b', '1.0.0')));
    valueIn(await one.replica.publish(signedPackage(ann, 'b', '1.1.0')));
    valueIn(await two.replica.yank('b', '1.1.0', 'broken'));
    const three = await startNode();
    for (const { settle, registry } of [one, two, three]) {
      await settle();
      expect(registry.entries().map((each) => [each.name, each.version, each.yanked])).toEqual([
        ['a', '1.0.0', null],
        ['b', '1.0.0', null],
        ['b', '1.1.0', 'broken'],
      ]);
      expect(registry.digest()).toBe(one.registry.digest());
    }
    expect(three.replica.isCaughtUp).toBe(true);
  });

  it('agree on one content of a version that several publish at once, and on all their versions', async () => {
    const nodes = await Promise.all([startNode(), startNode(), startNode()]);
    const same = await Promise.all(
      nodes.map(({ replica }, at) =>
        replica.publish(signedPackage(ann, 'a', '1.0.0', `export default ${at};`)),
      ),
    );
    expect(same.map((each) => (each.ok ? 'taken' : each.error.code)).toSorted()).toEqual([
      'VERSION_REFUSED',
      'VERSION_REFUSED',
      'taken',
    ]);
    const others = await Promise.all(
      nodes.map(({ replica }, at) =>
        replica.publish(signedPackage(ann, 'b', `1.0.${at}`), { allowOlder: true }),
      ),
    );
    expect(others.every(({ ok }) => ok)).toBe(true);
    for (const { settle, held } of nodes) {
      await settle();
      expect(held()).toEqual(['a@1.0.0', 'b@1.0.0', 'b@1.0.1', 'b@1.0.2']);
    }
    expect(new Set(nodes.map(({ registry }) => registry.digest())).size).toBe(1);
  });

  it('refuse an object that is not what the index says, and take the right one when it is there', async () => {
    const node = await startNode();
    const signed = signedPackage(ann, 'a', '1.0.0');
    const bytes = encodePackage(signed);
    const bent = bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte));
    const file = await smuggle(signed, bent);
    await node.settle();
    expect(node.held()).toEqual([]);
    expect(node.replica.refused()).toMatchObject([
      { name: 'a', version: '1.0.0', reason: expect.stringContaining('does not have the hash') },
    ]);
    valueIn(await objects.put(file, bytes));
    node.replica.reconsider();
    await node.settle();
    expect([node.held(), node.replica.refused()]).toEqual([['a@1.0.0'], []]);
  });

  it('refuse what nobody they trust has signed, however it got into the index', async () => {
    const node = await startNode();
    valueIn(await node.replica.publish(signedPackage(ann, 'a', '1.0.0')));
    await smuggle(signedPackage(eve, 'a', '1.0.1', 'export default "evil";'));
    await smuggle(signedPackage(eve, 'b', '1.0.0'));
    await node.settle();
    expect(node.held()).toEqual(['a@1.0.0']);
    expect(node.replica.refused().map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^a@1\.0\.1 is refused: .*not trusted here/),
      expect.stringMatching(/^b@1\.0\.0 is refused: .*not trusted here/),
    ]);
    expect(node.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  it('refuse a package under the name or version of another', async () => {
    const node = await startNode();
    const { skill, ...rest } = signedPackage(ann, 'a', '1.0.0');
    const file = fileHashOf(encodePackage({ skill, ...rest }));
    valueIn(await objects.put(file, encodePackage({ skill, ...rest })));
    const entry = { versions: { '9.0.0': { contentHash: skill.contentHash, file } } };
    valueIn(await state.put('skill.other', entry));
    await node.settle();
    expect(node.held()).toEqual([]);
    expect(node.replica.refused()[0]?.reason).toContain('the object is a@1.0.0');
  });

  it('take what they refused once its key counts', async () => {
    const [one, trust] = [await startNode(), { ...annCounts(), signers: signersNamed() }];
    const two = await startNode(trust);
    valueIn(await one.replica.publish(signedPackage(ann, 'a', '1.0.0')));
    await two.settle();
    expect(two.held()).toEqual([]);
    trust.signers = annCounts().signers;
    two.replica.reconsider();
    await two.settle();
    expect([two.held(), two.replica.refused()]).toEqual([['a@1.0.0'], []]);
  });

  it('keep what they have when the index loses it or is away', async () => {
    const [one, two] = [await startNode(), await startNode()];
    valueIn(await one.replica.publish(signedPackage(ann, 'a', '1.0.0')));
    await two.settle();
    valueIn(await state.put('skill.a', { versions: {} }));
    await two.settle();
    valueIn(await state.put('skill.a', { nonsense: true }));
    await two.settle();
    await state.close();
    expect(two.held()).toEqual(['a@1.0.0']);
    expect(two.registry.refusal(valueIn(two.registry.find('a')))).toBeUndefined();
    expect(codeIn(await two.replica.publish(signedPackage(ann, 'b', '1.0.0')))).toBe(
      'STATE_UNAVAILABLE',
    );
    const next = valueIn(await SkillRegistry.open(two.store));
    expect(next.list().map(({ manifest }) => manifest.name)).toEqual(['a']);
  });

  it('fetch again what could not be had', async () => {
    const real = objects;
    let isAway = true;
    const reason = 'away';
    const away = { operation: 'get', key: 'x', reason, mayHaveHappened: false } as const;
    objects = {
      ...real,
      get: async (name) => (isAway ? failure('STATE_UNAVAILABLE', away) : real.get(name)),
    };
    const node = await startNode();
    await smuggle(signedPackage(ann, 'a', '1.0.0'));
    await node.settle();
    expect([node.held(), node.replica.refused().length]).toEqual([[], 1]);
    isAway = false;
    await time.advance(2_000);
    await node.settle();
    expect([node.held(), node.replica.refused()]).toEqual([['a@1.0.0'], []]);
    await node.replica.close();
  });
});
