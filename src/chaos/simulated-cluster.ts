/**
 * The cluster of one simulation: the shared state and the resource behind all nodes, what a seed decides about them, and what has to
 * be true when the faults are over. Parts that build on members and owned keys are put beside `SimulatedMember`, on the same terms.
 */
import { type LeaseRecord, place } from '../cluster/index.ts';
import type { NodeId, Random } from '../contracts/index.ts';
import { SimulatedLife, type SimulatedState, type SimulatedTime } from '../host/index.ts';
import type { SkillRegistry } from '../skills/index.ts';
import type { Fact } from './checker.ts';
import { Copies } from './copies.ts';
import { farRegistries, Ledger } from './far-skills.ts';
import { FencedStore } from './fenced-store.ts';
import { type ClusterTerms, KIND } from './simulated-member.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { QUIET_KEY, VIRTUAL_KEYS, VirtualTerms } from './simulated-virtual.ts';

export interface ClusterWorld {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly state: SimulatedState;
  readonly isStateForgetful: boolean;
  readonly hear: (fact: Fact) => void;
  readonly isTroubled: () => boolean;
  readonly violate: (invariant: string, what: string) => void;
  /** Those that live. */
  readonly nodes: () => readonly SimulatedNode[];
  readonly restart: (node: SimulatedNode) => void;
}

const STATE_TIMEOUT_MS = 400;
const LEASE = { ttlMs: 3_000, driftRatio: 0.1, stopMs: 300 };
const LOOK_MS = 100;
/** A hello comes every 15 s at the latest; a lease runs out, its watch begins again, failed starts rest. */
const HEALED_MS = 25_000;
/** Five nodes know of a death within 3 s, nearly always; a lease runs out in 3.3 s, and those before the last are waited for. */
const NOTICED_MS = 12_000;
/** Who comes back waits until leases that it has not seen given back would have run out. */
const REJOINED_MS = 10_000;
/** What was sent to the life before is lost by then; keys are handed over later. */
const MET_AGAIN_MS = 1_500;
const CROWD_EVERY_MS = 170;
const CROWD_TURN_MS = 130;
const ASKED_MS = 8_000;
/** Until those that work for others are in the middle of it. */
const BURDENED_MS = 700;

export class SimulatedCluster {
  readonly #registries = new Map<NodeId, SkillRegistry>();
  readonly terms: ClusterTerms;
  readonly #world: ClusterWorld;

  constructor(world: ClusterWorld) {
    this.#world = world;
    const { time, random, state, isStateForgetful, hear, isTroubled } = world;
    const chance = random.fork('terms');
    state.faults.timeoutMs = STATE_TIMEOUT_MS;
    const keys = 4 + Math.floor(chance.next() * 9);
    this.terms = {
      keys: Array.from({ length: keys }, (_, at) => `k-${at + 1}`),
      lease: { ...LEASE, isStateForgetful },
      patienceMs: chance.next() < 0.5 ? 20 : 400,
      handOverAfterMs: 1_000,
      state,
      isTroubled,
      store: new FencedStore({ time, random: random.fork('store'), hear, isTroubled }),
      copies: new Copies(hear),
      virtual: new VirtualTerms(hear),
      ledger: new Ledger({ time, random: random.fork('ledger'), hear, isTroubled }),
      registries: this.#registries,
    };
    this.#hearState();
    this.#look();
  }

  /** Before any node begins. */
  async prepare(nodes: readonly NodeId[]): Promise<void> {
    const registries = await farRegistries(nodes, this.#world.random.fork('skills'));
    for (const [node, registry] of registries) this.#registries.set(node, registry);
  }

  /** Everything has healed: all know each other and every key is owned; a death is noticed; who comes back is taken back. */
  async verify(): Promise<void> {
    const { time, random, hear, nodes, restart } = this.#world;
    await time.advance(HEALED_MS);
    hear({ kind: 'phase', phase: 'calm' });
    this.#tellAll();
    await this.#askAll();
    const living = nodes();
    const victim = living[Math.floor(random.fork('victim').next() * living.length)];
    if (!victim) return;
    hear({ kind: 'phase', phase: 'failing' });
    for (const node of living) if (node !== victim) void node.delegation?.burden(victim.id);
    await time.advance(BURDENED_MS);
    victim.crash();
    await time.advance(NOTICED_MS);
    hear({ kind: 'tasks due', since: `though ${victim.name} was lost` });
    if (living.length > 1) this.#tellAll();
    restart(victim);
    await time.advance(MET_AGAIN_MS);
    hear({ kind: 'phase', phase: 'calm' });
    await this.#crowdActor(REJOINED_MS - MET_AGAIN_MS);
    this.#tellViews();
    await this.#askAll();
    const candidates = nodes().map(({ id }) => ({ node: id, labels: {}, weight: 1 }));
    for (const key of this.terms.keys) {
      const [owner] = place(key, candidates);
      if (owner) hear({ kind: 'owner due', key, node: owner.node });
    }
  }

  /** After every node has left in order. */
  async finish(): Promise<void> {
    const { state, time, violate } = this.#world;
    const joined = state.join('checker', new SimulatedLife());
    void joined.keys('own.').then((left) => {
      if (!left.ok) violate('shutdown', `the state is away: ${left.error.message}`);
      else if (left.value.length > 0) violate('nothing left', `leases on ${left.value.join(', ')}`);
    });
    await time.advance(STATE_TIMEOUT_MS);
    await joined.close();
  }

  #tellAll(): void {
    this.#tellViews();
    for (const key of this.terms.keys) this.#world.hear({ kind: 'owner due', key });
  }

  #tellViews(): void {
    for (const { name, member } of this.#world.nodes()) {
      if (member) this.#world.hear({ kind: 'view', by: name, members: member.view() });
    }
  }

  /** Every node has something done for every key. */
  async #askAll(): Promise<void> {
    const { time, nodes, violate, hear } = this.#world;
    for (const { name, member } of nodes()) {
      for (const key of this.terms.keys) {
        void member?.client.request(key).then((isDone) => {
          if (!isDone) violate('liveness', `nobody does what ${name} asks of ${key}`);
        });
      }
    }
    this.#haveStepsDone();
    this.#askActors();
    await time.advance(ASKED_MS);
    hear({ kind: 'tasks due', since: 'though nothing is in its way' });
  }

  /** While keys are handed over one virtual actor is never idle, and has mail in its box. */
  async #crowdActor(forMs: number): Promise<void> {
    const { time, nodes, random } = this.#world;
    const living = nodes();
    const key = VIRTUAL_KEYS[Math.floor(random.fork('actor').next() * VIRTUAL_KEYS.length)];
    for (let at = 0; at * CROWD_EVERY_MS < forMs; at++) {
      const asking = living[at % living.length];
      if (key !== undefined) void asking?.virtual?.ask(key, 'increment', CROWD_TURN_MS);
      await time.advance(CROWD_EVERY_MS);
    }
  }

  /** Every node asks for every virtual actor, and each is to be reminded of something. */
  #askActors(): void {
    const living = this.#world.nodes();
    for (const key of [...VIRTUAL_KEYS, QUIET_KEY]) {
      void living[0]?.virtual?.ask(key, 'remindMe');
      for (const { virtual } of living) void virtual?.ask(key, 'read');
    }
  }

  /** Every node has a step done by another, and one node by another more of them than that has room for at once. */
  #haveStepsDone(): void {
    const { nodes, violate, random } = this.#world;
    const living = nodes();
    if (living.length < 2) return;
    const tell = (name: string) => (reason: string | undefined) => {
      if (reason !== undefined) violate('liveness', `no step is done for ${name}: ${reason}`);
    };
    for (const { name, delegation } of living) void delegation?.probe().then(tell(name));
    const first = Math.floor(random.fork('crowd').next() * living.length);
    const [from, to] = [living[first], living[(first + 1) % living.length]];
    if (from && to) void from.delegation?.crowd(to.id).then(tell(from.name));
  }

  /** Who gives what back, by the nonce of the lease that was there. */
  #hearState(): void {
    const { state, hear } = this.#world;
    const nonces = new Map<string, string>();
    let { writesLost } = state.counts;
    const prefix = `own.${KIND}.`;
    state.onWrite(({ key, text }) => {
      if (!key.startsWith(prefix)) return;
      // What is there now may be older than what was written last.
      if (state.counts.writesLost > writesLost) nonces.clear();
      ({ writesLost } = state.counts);
      const nonce = nonces.get(key);
      const ownKey = key.slice(prefix.length);
      if (text !== undefined) {
        const record = JSON.parse(text) as LeaseRecord;
        nonces.set(key, record.nonce);
        hear({ kind: 'lease written', key: ownKey, nonce: record.nonce, ttlMs: record.ttlMs });
      } else if (nonces.delete(key) && nonce !== undefined)
        hear({ kind: 'given back', key: ownKey, nonce });
    });
  }

  #look(): void {
    this.terms.copies.lookAtAll();
    this.terms.virtual.copies.lookAtAll();
    this.#world.time.timers.after(LOOK_MS, () => this.#look());
  }
}
