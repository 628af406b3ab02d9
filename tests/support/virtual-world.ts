/**
 * Nodes with kernel systems and virtual actors on virtual time, over a simulated bus and a simulated state; what clients ask of
 * them, and the checkers that listen. A copy is one activation: it claims its key as long as its lease lasts by the clock of its
 * own machine and its process lives.
 */
import { type Counter, type CounterState, counterActor } from '../../src/chaos/virtual-counter.ts';
import {
  type Candidate,
  type LeaseTerms,
  type VirtualActorDefinition,
  VirtualActors,
  type VirtualContext,
} from '../../src/cluster/index.ts';
import { type NodeId, type Random, type SharedState, success } from '../../src/contracts/index.ts';
import {
  DriftingClock,
  portsOf,
  type SimulatedBus,
  SimulatedLife,
  type SimulatedState,
  type SimulatedTime,
  seededRandom,
  simulatedBus,
  simulatedState,
  simulatedTime,
} from '../../src/host/index.ts';
import { ActorSystem, joinBus } from '../../src/kernel/index.ts';
import { type PeerSessions, simulatedIdentity } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { recordingLog } from './systems.ts';

export const VIRTUAL_KEYS = ['a', 'account/7', 'räuber', 'd', 'e'] as const;
export const VIRTUAL_TEST_TERMS: LeaseTerms = {
  ttlMs: 2_000,
  driftRatio: 0.1,
  stopMs: 200,
  isStateForgetful: false,
};
const SAMPLE_MS = 25;
const ASK_TIMEOUT_MS = 4_000;

/** Bugs that a test plants to see that the checkers find them. */
export interface PlantedVirtual {
  /** Between a node and the state. */
  readonly wrap?: (state: SharedState) => SharedState;
  /** Asks again what may have been done, as if nothing had. */
  readonly repeatsUnknown?: boolean;
}

export interface VirtualWorldOptions {
  readonly seed: number | string;
  readonly nodes?: number;
  readonly terms?: Partial<LeaseTerms>;
  readonly rateSpread?: number;
  /** The state loses acknowledged writes: tokens may then come twice, and what was acknowledged may be gone. */
  readonly losesWrites?: boolean;
  readonly planted?: PlantedVirtual;
}

interface Copy {
  readonly key: string;
  readonly machine: VirtualMachine;
  readonly life: SimulatedLife;
  readonly revision: number;
  readonly nonce: string;
  readonly isHeld: () => boolean;
}

export interface VirtualMachine {
  readonly name: NodeId;
  readonly clock: DriftingClock;
  life: SimulatedLife;
  lives: number;
  system: ActorSystem | undefined;
  sessions: PeerSessions | undefined;
  actors: VirtualActors | undefined;
  counter: Counter | undefined;
  /** Nodes that it takes for dead. */
  readonly unseen: Set<string>;
}

/** What clients know of their increments. */
interface Told {
  readonly key: string;
  outcome: 'open' | 'acknowledged' | 'unknown' | 'refused';
}

export class VirtualWorld {
  readonly time: SimulatedTime = simulatedTime();
  readonly random: Random;
  readonly state: SimulatedState;
  readonly bus: SimulatedBus;
  readonly machines: VirtualMachine[] = [];
  readonly weights = new Map<string, number>();
  readonly violations: string[] = [];
  readonly told = new Map<number, Told>();
  readonly codes = new Map<string, number>();
  readonly counts = {
    asked: 0,
    acknowledged: 0,
    unknown: 0,
    refused: 0,
    activations: 0,
    reminders: 0,
  };
  readonly #options: VirtualWorldOptions;
  readonly #patienceMs: number;
  readonly #copies = new Set<Copy>();
  readonly #tokens = new Map<string, number>();
  #isAsking = true;

  constructor(options: VirtualWorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.state = simulatedState(this.time, this.random.fork('state'));
    this.state.faults.timeoutMs = 400;
    this.#patienceMs = this.random.next() < 0.5 ? 5 : 400;
    this.bus = simulatedBus(this.time, this.random.fork('bus'));
  }

  get losesWrites(): boolean {
    return this.#options.losesWrites === true;
  }

  async begin(): Promise<void> {
    const { nodes = 3, rateSpread = 0.05 } = this.#options;
    await this.time.advance(1);
    for (let at = 1; at <= nodes; at++) {
      const clock = new DriftingClock(this.time);
      clock.setRate(1 + rateSpread * (2 * this.random.next() - 1));
      const name = `n-${at}` as NodeId;
      this.weights.set(name, 1);
      this.machines.push({
        ...{ name, clock, life: new SimulatedLife(), lives: 0, unseen: new Set<string>() },
        ...{ system: undefined, sessions: undefined, actors: undefined, counter: undefined },
      });
    }
    for (const machine of this.machines) this.start(machine);
    this.#sample();
  }

  start(machine: VirtualMachine): void {
    const { planted = {}, terms } = this.#options;
    const life = new SimulatedLife();
    machine.life = life;
    machine.lives++;
    const { name, clock } = machine;
    const random = this.random.fork(`${name}/${machine.lives}`);
    const ports = portsOf(life, this.time, random, clock);
    const { log } = recordingLog();
    const system = new ActorSystem({ node: name, epoch: machine.lives * 1_000, ports, log });
    machine.sessions = joinBus(system, {
      cluster: 'sim',
      bus: this.bus.join(name, life),
      identity: simulatedIdentity(name),
    });
    const joined = this.state.join(name, life);
    const actors = valueIn(
      VirtualActors.open({
        ...{ system, ports, log, patienceMs: this.#patienceMs, handOverAfterMs: 1_000 },
        openState: async () => success(planted.wrap?.(joined) ?? joined),
        terms: { ...VIRTUAL_TEST_TERMS, ...terms },
        candidates: () => this.#candidates(machine),
      }),
    );
    machine.system = system;
    machine.actors = actors;
    machine.counter = this.definitionFor(machine, life);
    void this.#register(machine, life);
  }

  crash(machine: VirtualMachine): void {
    machine.life.die();
    machine.system = undefined;
    machine.actors = undefined;
  }

  /** Ends the node in order. */
  async leave(machine: VirtualMachine): Promise<void> {
    const { actors, system, sessions, life } = machine;
    if (!actors) return;
    machine.actors = undefined;
    await actors.handOverAll();
    await system?.shutdown({ drainMs: 300 });
    await sessions?.close();
    life.die();
    if (machine.life === life) machine.system = undefined;
  }

  definitionFor(machine: VirtualMachine, life: SimulatedLife): Counter {
    return counterActor({
      acts: (ctx) => this.#acts(ctx, machine, life),
      reminded: () => this.counts.reminders++,
      sleep: (ms) => this.#sleep(machine, life, ms),
    });
  }

  /** Clients on all machines, each asking for something now and then until `stopAsking`. */
  startAsking(): void {
    const ask = (): void => {
      if (!this.#isAsking) return;
      const up = this.machines.filter(({ actors, life }) => actors && !life.isHung);
      const machine = up[Math.floor(this.random.next() * up.length)];
      if (machine) this.#askOnce(machine);
      this.time.timers.after(20 + this.random.next() * 120, ask);
    };
    ask();
  }

  stopAsking(): void {
    this.#isAsking = false;
  }

  handle(machine: VirtualMachine, key: string) {
    if (!machine.actors || !machine.counter) throw new Error(`${machine.name} is away`);
    return machine.actors.get(machine.counter, key);
  }

  /** Copies that may act now. */
  claims(key: string): readonly Copy[] {
    return [...this.#copies].filter(
      (copy) => copy.key === key && copy.life.isAlive && copy.isHeld(),
    );
  }

  complain(what: string): void {
    if (this.violations.length < 20)
      this.violations.push(`${Math.round(this.time.clock.monotonicMs())} ms: ${what}`);
  }

  #candidates({ unseen }: VirtualMachine): readonly Candidate[] {
    return this.machines
      .filter(({ name, actors }) => actors !== undefined && !unseen.has(name))
      .map(({ name }) => ({ node: name, labels: {}, weight: this.weights.get(name) ?? 1 }));
  }

  /** The state may be away when a node starts: it tries until it is there. */
  async #register(machine: VirtualMachine, life: SimulatedLife): Promise<void> {
    const { actors, counter } = machine;
    while (actors && counter && life.isAlive && machine.actors === actors) {
      const registered = await actors.register(
        counter as VirtualActorDefinition<CounterState, never>,
      );
      if (registered.ok) return;
      await this.#sleep(machine, life, 200);
    }
  }

  #sleep({ clock }: VirtualMachine, life: SimulatedLife, ms: number): Promise<void> {
    const { timers } = portsOf(life, this.time, this.random, clock);
    return new Promise((resolve) => void timers.after(ms, resolve));
  }

  #askOnce(machine: VirtualMachine): void {
    const key = VIRTUAL_KEYS[Math.floor(this.random.next() * VIRTUAL_KEYS.length)] as string;
    const draw = this.random.next();
    const { actors, counter, life } = machine;
    if (!actors || !counter) return;
    let handle: ReturnType<VirtualWorld['handle']>;
    try {
      handle = actors.get(counter, key);
    } catch {
      // It is not registered there yet.
      return;
    }
    const options = { timeoutMs: ASK_TIMEOUT_MS };
    if (draw < 0.03) return void handle.ask('fail', undefined, options);
    if (draw < 0.06) return void handle.ask('remindMe', 400 + Math.floor(draw * 10_000), options);
    const id = ++this.counts.asked;
    const told: Told = { key, outcome: 'open' };
    this.told.set(id, told);
    const slowMs = draw > 0.9 ? this.random.next() * 800 : 0;
    const once = (): void =>
      void handle.ask('increment', { id, slowMs }, options).then((result) => {
        if (!life.isAlive) return;
        if (result.kind === 'unknown' && this.#options.planted?.repeatsUnknown) return once();
        if (result.kind === 'answered') told.outcome = 'acknowledged';
        else told.outcome = result.kind === 'unknown' ? 'unknown' : 'refused';
        this.counts[told.outcome]++;
        if (result.kind === 'answered') return;
        const { code } = result.error;
        this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
      });
    once();
  }

  #acts(ctx: VirtualContext, machine: VirtualMachine, life: SimulatedLife): void {
    const { key, token, isHeld } = ctx;
    const { revision, nonce } = token;
    const known = [...this.#copies].some((copy) => copy.key === key && copy.nonce === nonce);
    if (!known) {
      const copy: Copy = { key, machine, life, revision, nonce, isHeld };
      this.#copies.add(copy);
      life.onDeath(() => this.#copies.delete(copy));
      this.counts.activations++;
      const last = this.#tokens.get(key) ?? 0;
      if (revision <= last && !this.losesWrites)
        this.complain(`${key} got token ${revision} after ${last}`);
      this.#tokens.set(key, Math.max(last, revision));
    }
    for (const other of this.claims(key))
      if (other.nonce !== nonce)
        this.complain(`${machine.name} acts for ${key}, which ${other.machine.name} holds`);
  }

  #sample(): void {
    for (const key of VIRTUAL_KEYS) {
      const claims = this.claims(key);
      if (claims.length > 1)
        this.complain(
          `${key} is held by ${claims.map(({ machine }) => machine.name).join(' and ')}`,
        );
    }
    for (const copy of this.#copies) if (!copy.isHeld()) this.#copies.delete(copy);
    this.time.timers.after(SAMPLE_MS, () => this.#sample());
  }
}
