/**
 * Nodes that own keys over a simulated shared state, what they do with them, and the checkers that listen. A copy is one
 * activation; it claims its key from its start to its stop, as long as its lease lasts by the clock of its own machine.
 */
import {
  type Activate,
  type Candidate,
  Fence,
  type FencingToken,
  type Hold,
  type LeaseTerms,
  Ownership,
} from '../../src/cluster/index.ts';
import type { Random, SharedState } from '../../src/contracts/index.ts';
import {
  DriftingClock,
  portsOf,
  SimulatedLife,
  type SimulatedState,
  type SimulatedTime,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../src/host/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { recordingLog } from './systems.ts';

export const KEYS = ['singleton', 'account/7', 'räuber'] as const;
export const TERMS: LeaseTerms = {
  ttlMs: 3_000,
  driftRatio: 0.1,
  stopMs: 300,
  isStateForgetful: false,
};
const SAMPLE_MS = 20;

/** Bugs that a test plants to see that the checkers find them. */
export interface Planted {
  /** Acts without asking whether its lease is held. */
  readonly ignoresHold?: boolean;
  /** Between a node and the state. */
  readonly wrap?: (state: SharedState) => SharedState;
}

interface Copy {
  readonly key: string;
  readonly node: string;
  readonly life: SimulatedLife;
  readonly hold: Hold;
  isStopped: boolean;
}

export interface Machine {
  readonly name: string;
  readonly clock: DriftingClock;
  life: SimulatedLife;
  ownership: Ownership | undefined;
  /** Names of nodes that it takes for dead. */
  readonly unseen: Set<string>;
}

export interface OwnershipWorldOptions {
  readonly seed: number | string;
  readonly nodes?: number;
  readonly terms?: Partial<LeaseTerms>;
  /** Clocks of machines go at 1 ± this. */
  readonly rateSpread?: number;
  /** The state loses acknowledged writes: tokens may then come twice. */
  readonly losesWrites?: boolean;
  readonly planted?: Planted;
}

export class OwnershipWorld {
  readonly time: SimulatedTime = simulatedTime();
  readonly random: Random;
  readonly state: SimulatedState;
  readonly machines: Machine[] = [];
  readonly weights = new Map<string, number>();
  readonly violations: string[] = [];
  readonly counts = { activations: 0, acts: 0, accepted: 0, refused: 0, failedStarts: 0 };
  readonly #options: OwnershipWorldOptions;
  readonly #patienceMs: number;
  readonly #copies = new Set<Copy>();
  readonly #tokens = new Map<string, number>();
  readonly #fences = new Map<string, Fence>(KEYS.map((key) => [key, new Fence(key)]));

  constructor(options: OwnershipWorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.state = simulatedState(this.time, this.random.fork('state'));
    this.state.faults.timeoutMs = 400;
    this.#patienceMs = this.random.next() < 0.5 ? 20 : 400;
  }

  async begin(): Promise<void> {
    const { nodes = 3, rateSpread = 0.05 } = this.#options;
    await this.time.advance(1);
    for (let at = 1; at <= nodes; at++) {
      const clock = new DriftingClock(this.time);
      clock.setRate(1 + rateSpread * (2 * this.random.next() - 1));
      const name = `n-${at}`;
      this.weights.set(name, 1);
      this.machines.push({
        name,
        clock,
        life: new SimulatedLife(),
        ownership: undefined,
        unseen: new Set(),
      });
    }
    for (const machine of this.machines) this.start(machine);
    this.#sample();
  }

  start(machine: Machine): void {
    const { planted = {} } = this.#options;
    machine.life = new SimulatedLife();
    const { name, life, clock } = machine;
    const ports = portsOf(
      life,
      this.time,
      this.random.fork(`${name}/${this.counts.activations}`),
      clock,
    );
    const joined = this.state.join(name, life);
    const ownership = valueIn(
      Ownership.open({
        state: planted.wrap?.(joined) ?? joined,
        ports,
        log: recordingLog().log,
        node: name,
        kind: 'test',
        candidates: () => this.#candidates(machine),
        terms: { ...TERMS, ...this.#options.terms },
        patienceMs: this.#patienceMs,
        handOverAfterMs: 1_000,
        activate: this.#activate(machine, life),
      }),
    );
    machine.ownership = ownership;
    for (const key of KEYS) valueIn(ownership.claim(key));
  }

  crash(machine: Machine): void {
    machine.life.die();
    machine.ownership = undefined;
  }

  /** Copies that may act now. */
  claims(key: string): readonly Copy[] {
    return [...this.#copies].filter(
      (copy) => copy.key === key && copy.life.isAlive && copy.hold.remainingMs() > 0,
    );
  }

  #candidates({ unseen }: Machine): readonly Candidate[] {
    return this.machines
      .filter(({ name }) => !unseen.has(name))
      .map(({ name }) => ({ node: name, labels: {}, weight: this.weights.get(name) ?? 1 }));
  }

  #activate({ name, clock }: Machine, life: SimulatedLife): Activate {
    return async (key, hold) => {
      if (this.random.next() < 0.05) {
        this.counts.failedStarts++;
        throw new Error('it does not start');
      }
      const { planted = {} } = this.#options;
      const { timers } = portsOf(life, this.time, this.random, clock);
      const copy: Copy = { key, node: name, life, hold, isStopped: false };
      this.#copies.add(copy);
      life.onDeath(() => this.#copies.delete(copy));
      this.#began(copy);
      this.#send(copy);
      const act = (): void => {
        if (copy.isStopped || (!planted.ignoresHold && !hold.isHeld())) return;
        this.#act(copy);
        timers.after(10 + this.random.next() * 40, act);
      };
      act();
      return async () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        timers.after(this.random.next() * TERMS.stopMs * 1.5, resolve);
        await promise;
        copy.isStopped = true;
        this.#copies.delete(copy);
      };
    };
  }

  #began({ key, node, hold }: Copy): void {
    this.counts.activations++;
    const { revision } = hold.token;
    const last = this.#tokens.get(key) ?? 0;
    if (revision <= last && !this.#options.losesWrites)
      this.#complain(`${node} got token ${revision} of ${key} after ${last}`);
    this.#tokens.set(key, Math.max(last, revision));
  }

  #act(copy: Copy): void {
    this.counts.acts++;
    const others = this.claims(copy.key).filter((other) => other !== copy);
    for (const other of others)
      this.#complain(`${copy.node} acts for ${copy.key}, which ${other.node} holds`);
    this.#send(copy);
  }

  /** A write to the resource, which may take long on its way. */
  #send({ key, hold: { token } }: Copy): void {
    const delayMs = this.random.next() < 0.02 ? this.random.next() * 6_000 : this.random.next() * 5;
    this.time.timers.after(delayMs, () => this.#arrive(key, token));
  }

  #arrive(key: string, token: FencingToken): void {
    const fence = this.#fences.get(key) as Fence;
    const before = fence.highest;
    const isAccepted = fence.admit(token).ok;
    this.counts[isAccepted ? 'accepted' : 'refused']++;
    if (isAccepted && before && before.revision > token.revision)
      this.#complain(`${key} takes a write with token ${token.revision} after ${before.revision}`);
  }

  #sample(): void {
    for (const key of KEYS) {
      const nodes = this.claims(key).map(({ node }) => node);
      if (nodes.length > 1) this.#complain(`${key} is held by ${nodes.join(' and ')}`);
    }
    this.time.timers.after(SAMPLE_MS, () => this.#sample());
  }

  #complain(what: string): void {
    if (this.violations.length < 20)
      this.violations.push(`${Math.round(this.time.clock.monotonicMs())} ms: ${what}`);
  }
}
