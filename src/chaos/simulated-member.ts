/**
 * The part of a simulated node that knows of other nodes and owns keys: gossip on a thread of its own, the candidates that it yields,
 * claims on every key, and what is active here.
 */

import type { Candidate, LeaseTerms } from '../cluster/index.ts';
import { Gossip, type Hold, isGone, type MemberReport, Ownership } from '../cluster/index.ts';
import type { Log, NodeId, Ports, Random } from '../contracts/index.ts';
import {
  type DriftingClock,
  portsOf,
  type SimulatedBus,
  SimulatedLife,
  type SimulatedState,
  type SimulatedTime,
} from '../host/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import type { SkillRegistry } from '../skills/index.ts';
import { simulatedIdentity } from '../transport/index.ts';
import type { Fact } from './checker.ts';
import type { Copies } from './copies.ts';
import type { Ledger } from './far-skills.ts';
import type { FencedStore } from './fenced-store.ts';
import { KeyClient } from './key-client.ts';
import { nameOf, ownedKey } from './owned-key.ts';
import { labelsOf } from './simulated-delegation.ts';
import type { VirtualTerms } from './simulated-virtual.ts';

/** What the members of one simulation share. */
export interface ClusterTerms {
  readonly keys: readonly string[];
  readonly lease: LeaseTerms;
  readonly patienceMs: number;
  readonly handOverAfterMs: number;
  readonly state: SimulatedState;
  readonly isTroubled: () => boolean;
  readonly store: FencedStore;
  readonly copies: Copies;
  readonly virtual: VirtualTerms;
  readonly ledger: Ledger;
  /** What each node holds, through all its lives. */
  readonly registries: ReadonlyMap<NodeId, SkillRegistry>;
}

export interface MemberWorld {
  readonly id: NodeId;
  /** `n-1#2`: the node and which of its lives. */
  readonly name: string;
  readonly cluster: string;
  readonly terms: ClusterTerms;
  readonly time: SimulatedTime;
  readonly bus: SimulatedBus;
  readonly clock: DriftingClock;
  readonly system: ActorSystem;
  /** Of the main thread. */
  readonly life: SimulatedLife;
  readonly ports: Ports;
  readonly random: Random;
  readonly log: Log;
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
  /** A member is dead or has left. */
  readonly onGone: (node: NodeId) => void;
  readonly onChange: () => void;
}

export const KIND = 'sim';
const FAILED_START_SHARE = 0.03;

export class SimulatedMember {
  /** Of the thread of gossip: it goes on while the main one hangs. */
  readonly gossipLife = new SimulatedLife();
  readonly client: KeyClient;
  readonly #world: MemberWorld;
  readonly #gossip: Gossip;
  readonly #ownership: Ownership;
  /** As the main thread knows them. */
  readonly #members = new Map<NodeId, MemberReport>();
  #activations = 0;

  constructor(world: MemberWorld) {
    this.#world = world;
    const { id, cluster, terms, time, bus, clock, life, ports, random, log, system } = world;
    life.onDeath(() => this.gossipLife.die());
    this.#gossip = new Gossip({
      self: id,
      identity: simulatedIdentity(id),
      epoch: system.epoch,
      cluster,
      facts: {
        labels: labelsOf(id),
        load: 0,
        wire: [1, 1],
        state: 'ready',
        skills: skillsOf(world),
      },
      bus: bus.join(id, this.gossipLife),
      ports: portsOf(this.gossipLife, time, random.fork('gossip'), clock),
      log,
      onChange: (member) => this.#changed(member),
    });
    const [own] = this.#gossip.members();
    if (own) this.#changed(own);
    const ownership = Ownership.open({
      state: terms.state.join(id, life),
      ports,
      log,
      node: id,
      kind: KIND,
      candidates: () => this.candidates(),
      terms: terms.lease,
      patienceMs: terms.patienceMs,
      handOverAfterMs: terms.handOverAfterMs,
      activate: (key, hold) => this.#activate(key, hold),
    });
    if (!ownership.ok) throw new Error(ownership.error.message);
    this.#ownership = ownership.value;
    for (const key of terms.keys) this.#ownership.claim(key);
    const { hear, isQuiet } = world;
    this.client = new KeyClient({
      ...{ name: world.name, keys: terms.keys, system, ports, hear, isQuiet },
      ownerOf: (key) => this.#ownership.ownerOf(key)?.holder,
    });
  }

  /** Whom this node knows and how, in the order of their names. */
  view(): string {
    const members = this.#gossip.members().map(({ node, status }) => `${node} ${status}`);
    return members.sort().join(', ');
  }

  /** Everybody who is not gone, as the main thread knows them. */
  members(): readonly MemberReport[] {
    return [...this.#members.values()].filter((member) => !isGone(member));
  }

  /** Gives all keys back and says good-bye. */
  async stop(): Promise<void> {
    this.client.close();
    await this.#ownership.close();
    this.#gossip.close();
  }

  #changed(member: MemberReport): void {
    const { id, life, name, hear, onGone, onChange } = this.#world;
    const { node, status, incarnation } = member;
    hear({ kind: 'member seen', by: name, node, status, incarnation });
    life.act(() => {
      this.#members.set(node, member);
      this.#ownership?.reconsider();
      onChange();
      if (node !== id && isGone(member)) onGone(node);
    });
  }

  /** Those who may own something, as this node sees them. */
  candidates(): readonly Candidate[] {
    return this.members().map(({ node, facts }) => ({ node, labels: facts.labels, weight: 1 }));
  }

  /** A resource is shown the token before anything is read; what was read is what the actor begins with. */
  async #activate(key: string, hold: Hold) {
    const { name, life, terms, random, system, hear, isQuiet } = this.#world;
    const { token } = hold;
    const copy = `${name}/${++this.#activations}`;
    const user = { copy, key, token, life };
    const { store, copies } = terms;
    const end = copies.begin({ copy, key, life, hold });
    try {
      if (random.next() < FAILED_START_SHARE && terms.isTroubled())
        throw new Error('it does not start');
      const read = await store.read(user);
      if (!read.ok) throw new Error(read.error.message);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const owned = { user, hold, store, stored: read.value, hear, isQuiet, ended: resolve };
      const ref = system.spawn(ownedKey, owned, { name: nameOf(key) });
      hold.onLost((reason) => hear({ kind: 'lease lost', copy, reason }));
      return async () => {
        system.tell(ref, 'leave');
        await ended;
        end();
      };
    } catch (thrown) {
      end();
      throw thrown;
    }
  }
}

const skillsOf = ({ id, terms }: MemberWorld): string => terms.registries.get(id)?.digest() ?? '';
