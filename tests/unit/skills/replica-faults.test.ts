/** Three nodes with one index on virtual time, while requests and answers are lost, nodes are cut off and start again. */
import { describe, expect, it } from 'vitest';
import {
  failure,
  type Random,
  type Result,
  type SharedState,
} from '../../../src/contracts/index.ts';
import {
  SimulatedLife,
  type SimulatedState,
  type SimulatedTime,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../../src/host/index.ts';
import { memoryObjects, type Objects } from '../../../src/journal/index.ts';
import { memoryPackageStore, RegistryReplica, SkillRegistry } from '../../../src/skills/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { signersNamed } from '../../conformance/published-suite.ts';
import { signedPackage, signerKey, signerLine } from '../../support/packages.ts';
import { recordingLog } from '../../support/systems.ts';
import { runOn } from '../../support/virtual-run.ts';

const ann = signerKey(1);
const signers = signersNamed(signerLine('ann', ann));
const NODES = ['a', 'b', 'c'];
const [VERSIONS, CONTENTS] = [
  ['1.0.0', '1.1.0', '2.0.0'],
  ['1', '2'],
];
const packages = VERSIONS.flatMap((version) =>
  CONTENTS.map((text) => signedPackage(ann, 'x', version, `export default ${text};`)),
);

interface IndexEntry {
  readonly versions: Readonly<Record<string, { contentHash: string; yanked?: string }>>;
}

interface World {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly state: SimulatedState;
  readonly objects: Objects;
  readonly faults: { objectLoss: number };
}

function makeWorld(seed: number): World {
  const [time, random] = [simulatedTime(), seededRandom(seed)];
  const state = simulatedState(time, random.fork('state'));
  const stored = memoryObjects();
  const faults = { objectLoss: 0 };
  const away = (operation: 'get' | 'put', key: string): Result<never> | undefined =>
    random.next() < faults.objectLoss
      ? failure('STATE_UNAVAILABLE', { operation, key, reason: 'lost', mayHaveHappened: true })
      : undefined;
  const objects: Objects = {
    put: async (name, bytes) => away('put', name) ?? stored.put(name, bytes),
    get: async (name) => away('get', name) ?? stored.get(name),
  };
  return { time, random, state, objects, faults };
}

/** A node that may start again on what it has kept. */
class TestNode {
  readonly #world: World;
  readonly #name: string;
  readonly #store = memoryPackageStore();
  #life = new SimulatedLife();
  #state: SharedState | undefined;
  registry: SkillRegistry | undefined;
  replica: RegistryReplica | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.#name = name;
  }

  async start(): Promise<void> {
    const { state, objects, time } = this.#world;
    this.#life.die();
    this.#life = new SimulatedLife();
    this.#state = state.join(this.#name, this.#life);
    const trust = { signers: () => signers, wallMs: time.clock.wallMs };
    const registry = valueIn(await SkillRegistry.open(this.#store, trust));
    const { log } = recordingLog();
    const parts = { state: this.#state, objects, registry, timers: time.timers, log };
    this.registry = registry;
    this.replica = valueIn(RegistryReplica.start(parts));
  }

  held(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      (this.registry?.published() ?? []).map(({ signed, yanked }) => [
        signed.skill.manifest.version,
        `${signed.skill.contentHash} ${yanked ?? ''}`,
      ]),
    );
  }
}

const pick = <T>(random: Random, of: readonly T[]): T =>
  of[Math.floor(random.next() * of.length)] as T;

async function act(world: World, nodes: readonly TestNode[]): Promise<void> {
  const { random, time, state } = world;
  const node = pick(random, nodes);
  const chance = random.next();
  if (chance < 0.5) {
    const published = node.replica?.publish(pick(random, packages), { allowOlder: true });
    if (random.next() < 0.5) await runOn(time, Promise.resolve(published));
  } else if (chance < 0.65) {
    const reason = random.next() < 0.5 ? 'broken' : undefined;
    void node.replica?.yank('x', pick(random, VERSIONS), reason);
  } else if (chance < 0.75) await node.start();
  else if (chance < 0.85) {
    const heal = state.cut(pick(random, NODES));
    time.timers.after(random.next() * 5_000, heal);
  } else await time.advance(Math.floor(random.next() * 3_000));
}

async function trouble(seed: number, isCrashing: boolean) {
  const world = makeWorld(seed);
  const { state, faults, time, random } = world;
  const contents = new Map<string, Set<string>>();
  state.onWrite(({ text }) => {
    const { versions } = JSON.parse(text ?? '{"versions":{}}') as Pick<IndexEntry, 'versions'>;
    for (const [version, { contentHash }] of Object.entries(versions))
      contents.set(version, (contents.get(version) ?? new Set()).add(contentHash));
  });
  const nodes = NODES.map((name) => new TestNode(world, name));
  for (const node of nodes) await node.start();
  Object.assign(state.faults, { requestLoss: 0.1, answerLoss: 0.1, watchLagMs: 50 });
  faults.objectLoss = 0.2;
  for (let step = 0; step < 40; step++) {
    await act(world, nodes);
    if (isCrashing && random.next() < 0.05) state.crash(3);
    if (isCrashing && random.next() < 0.2) state.heal();
  }
  Object.assign(state.faults, { requestLoss: 0, answerLoss: 0, watchLagMs: 0 });
  faults.objectLoss = 0;
  state.heal();
  await time.advance(30_000);
  for (const node of nodes) await runOn(time, node.replica?.settled() ?? Promise.resolve());
  const index = valueIn(
    await runOn(time, state.join('reader', new SimulatedLife()).get('skill.x')),
  );
  const entry = (index?.value ?? { versions: {} }) as unknown as IndexEntry;
  const indexed = Object.fromEntries(
    Object.entries(entry.versions).map(([version, { contentHash, yanked }]) => [
      version,
      `${contentHash} ${yanked ?? ''}`,
    ]),
  );
  return { nodes, indexed, contents };
}

const seeds = Array.from({ length: 25 }, (_, at) => at + 1);

describe('nodes with one index, under faults', () => {
  it.each(seeds)(
    'agree in the end, and never on two contents of a version; seed %i',
    async (seed) => {
      const { nodes, indexed, contents } = await trouble(seed, false);
      for (const hashes of contents.values()) expect(hashes.size).toBe(1);
      for (const node of nodes) expect(node.held()).toEqual(indexed);
    },
  );

  it.each(seeds)('lose no package with the last writes of the server; seed %i', async (seed) => {
    const { nodes, indexed } = await trouble(seed, true);
    for (const node of nodes) {
      const held = node.held();
      const refused = new Set(node.replica?.refused().map(({ version }) => version));
      expect(Object.keys(held).toSorted()).toEqual(Object.keys(indexed).toSorted());
      for (const [version, content] of Object.entries(held))
        if (!refused.has(version)) expect([version, content]).toEqual([version, indexed[version]]);
    }
  });
});
