/**
 * One seed: a cluster on virtual time, a workload, a random subset of faults, and checkers that listen. First the faults (safety),
 * then all is healed and everything has to work again (liveness), then everything ends in order and nothing may be left.
 *
 * After FoundationDB's simulation (Zhou et al., SIGMOD 2021) and swarm testing (Groce et al., ISSTA 2012).
 */
import {
  type Log,
  type NodeId,
  type Random,
  reasonOf,
  type ThreadName,
} from '../contracts/index.ts';
import { forbidAmbient, seededRandom, simulatedBus, simulatedTime } from '../host/index.ts';
import { supervisor } from '../supervisor/index.ts';
import type { Checker, Fact, Violation } from './checker.ts';
import { askChecker } from './checkers/asks.ts';
import { noLossChecker } from './checkers/no-loss.ts';
import { orderChecker } from './checkers/order.ts';
import { watchChecker } from './checkers/watch.ts';
import { EventLog } from './event-log.ts';
import { FAULTS, type FaultWorld } from './faults.ts';
import { SimulatedNode, STRATEGY } from './simulated-node.ts';
import type { Sometimes } from './sometimes.ts';
import { beginWorkload, hubAt, hubSpecs } from './workload.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** 1 to 1,000; default 3. */
  readonly nodes?: number;
  /** Worker threads of each node; default 1. */
  readonly threads?: number;
  /** Virtual time with faults; default 30 s. */
  readonly forMs?: number;
  /** Names of faults; default: a subset that the seed chooses. */
  readonly faults?: readonly string[];
}

export interface SimulationResult {
  readonly seed: number;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly faults: readonly string[];
  readonly violations: readonly Violation[];
  readonly seen: readonly Sometimes[];
  readonly lines: readonly string[];
}

const FAULTS_MEAN_MS = 2_500;
const QUIET_MS = 3_000;
/** A peer that was silent has to be given up, and found again. */
const HEAL_MS = 40_000;
const ASK_MS = 5_000;
const VIOLATIONS_MAX = 20;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options);
  const allow = forbidAmbient(({ stack }) => simulation.violate('nothing ambient', String(stack)));
  try {
    return await simulation.run();
  } finally {
    allow();
  }
}

class Simulation {
  readonly #options: Required<Omit<SimulationOptions, 'faults'>>;
  readonly #random: Random;
  readonly #time = simulatedTime();
  readonly #log: EventLog;
  readonly #bus;
  readonly #faults: readonly string[];
  readonly #nodeIds: readonly NodeId[];
  readonly #nodes = new Map<NodeId, SimulatedNode>();
  readonly #lives = new Map<NodeId, number>();
  readonly #skewMs = new Map<NodeId, number>();
  readonly #violations: Violation[] = [];
  readonly #checkers: readonly Checker[];
  readonly #seen = new Set<Sometimes>();
  #isQuiet = false;
  #isHealing = false;

  constructor({ seed, nodes = 3, threads = 1, forMs = 30_000, faults }: SimulationOptions) {
    this.#options = { seed, nodes, threads, forMs };
    this.#random = seededRandom(seed);
    this.#log = new EventLog(this.#time.clock);
    this.#bus = simulatedBus(this.#time, this.#random.fork('bus'));
    this.#nodeIds = Array.from({ length: nodes }, (_, at) => `n-${at + 1}` as NodeId);
    const swarm = this.#random.fork('swarm');
    this.#faults = faults ?? Object.keys(FAULTS).filter(() => swarm.next() < 0.4);
    const report = (invariant: string, what: string): void => this.violate(invariant, what);
    this.#checkers = [orderChecker, noLossChecker, askChecker, watchChecker].map((make) =>
      make(report),
    );
  }

  async run(): Promise<SimulationResult> {
    const { seed, forMs, threads } = this.#options;
    const uniform = this.#random.fork('workload').next;
    const names = ['main', ...Array.from({ length: threads }, (_, at) => `t${at + 1}`)];
    const places = this.#nodeIds.flatMap((node) =>
      names.map((thread) => ({ node, thread: thread as ThreadName })),
    );
    beginWorkload({
      hear: (fact) => this.#hear(fact),
      places,
      uniform,
      sleep: (ms) => new Promise((resolve) => void this.#time.timers.after(ms, resolve)),
      isQuiet: () => this.#isQuiet,
    });
    for (const id of this.#nodeIds) this.#start(id);
    await this.#time.advance(1_000);
    this.#planFault();
    await this.#time.advance(forMs);
    await this.#heal(places);
    for (const checker of this.#checkers) checker.finish(this.#time.clock.monotonicMs());
    await this.#end();
    this.#see();
    return {
      seed,
      events: this.#log.count,
      hash: this.#log.digest(),
      virtualMs: this.#time.clock.monotonicMs(),
      faults: this.#faults,
      violations: this.#violations,
      seen: [...this.#seen],
      lines: this.#log.lines(),
    };
  }

  #start(id: NodeId): void {
    const life = (this.#lives.get(id) ?? 0) + 1;
    this.#lives.set(id, life);
    this.#log.add(id, `begins its life ${life}`);
    const node = new SimulatedNode(id, life, {
      time: this.#time,
      random: this.#random,
      bus: this.#bus,
      threads: this.#options.threads,
      skewMs: () => this.#skewMs.get(id) ?? 0,
      log: (place) => this.#logOf(place),
    });
    this.#nodes.set(id, node);
    const children = hubSpecs(node.places());
    node.system.spawn(supervisor, { strategy: STRATEGY, children }, { name: 'launcher' });
  }

  #logOf(place: string): Log {
    const add = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      this.#log.add(place, `${level} ${message} ${JSON.stringify(fields ?? {})}`);
    const debug: Log['debug'] = (message, fields) => {
      if (message === 'dead letter')
        this.#hear({ kind: 'dead letter', type: String(fields?.type) });
    };
    return { debug, info: add('info'), warn: add('warn'), error: add('error') };
  }

  #hear(fact: Fact): void {
    const { kind, ...facts } = fact;
    this.#log.add('', `${kind} ${Object.values(facts).join(' ')}`);
    if (fact.kind === 'settled') {
      if (fact.result === 'answered') this.#seen.add('an ask was answered');
      if (fact.result === 'not-delivered') this.#seen.add('an ask was not delivered');
      if (fact.result === 'unknown') this.#seen.add('an ask ended unknown');
      if (fact.code === 'ASK_TIMEOUT') this.#seen.add('an ask timed out');
      if (fact.code === 'PEER_LOST') this.#seen.add('a peer was lost');
      if (fact.code === 'THREAD_LOST') this.#seen.add('a thread was lost');
    }
    if (fact.kind === 'terminated') this.#seen.add('a watched actor ended');
    if (fact.kind === 'sent' && !fact.isAccepted) this.#seen.add('a send was refused');
    const nowMs = this.#time.clock.monotonicMs();
    for (const checker of this.#checkers) checker.hear(fact, nowMs);
  }

  #see(): void {
    const { lost, repeated, cut } = this.#bus.counts;
    if (lost > 0) this.#seen.add('a packet was lost');
    if (repeated > 0) this.#seen.add('a packet was repeated');
    if (cut > 0) this.#seen.add('a packet was cut off');
  }

  // --- faults -----------------------------------------------------------------------------------------------------

  #planFault(): void {
    const random = this.#random.fork('faults');
    const world = this.#faultWorld(random);
    const next = (): void => {
      if (this.#isHealing || this.#faults.length === 0) return;
      const name = this.#faults[Math.floor(random.next() * this.#faults.length)] as string;
      FAULTS[name]?.(world);
      this.#time.timers.after(-Math.log(1 - random.next()) * FAULTS_MEAN_MS, next);
    };
    this.#time.timers.after(random.next() * FAULTS_MEAN_MS, next);
  }

  #faultWorld(random: Random): FaultWorld {
    const note = (what: string): void => this.#log.add('FAULT', what);
    return {
      bus: this.#bus,
      nodes: () => [...this.#nodes.values()].filter(({ isAlive }) => isAlive),
      nodeIds: this.#nodeIds,
      random,
      note,
      later: (delayMs, what) => void this.#time.timers.after(delayMs, what),
      restart: (id) => {
        if (!this.#nodes.get(id)?.isAlive) this.#start(id);
      },
      skew: (id, byMs) => this.#skewMs.set(id, byMs),
      loss: (what) => {
        note(what);
        if (what.endsWith('crashes')) this.#seen.add('a node crashed');
        if (what.endsWith('is killed')) this.#seen.add('a thread was killed');
        if (what.includes('hangs for')) this.#seen.add('a thread hung');
        this.#hear({ kind: 'loss', what });
      },
    };
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Everything is made whole; after a while every thread has to answer every node. */
  async #heal(
    places: readonly { readonly node: NodeId; readonly thread: ThreadName }[],
  ): Promise<void> {
    this.#log.add('HEAL', 'all faults end');
    this.#isHealing = true;
    Object.assign(this.#bus.faults, {
      loss: 0,
      repeat: 0,
      corruption: 0,
      delayMs: 0.2,
      jitterMs: 0.2,
    });
    this.#bus.heal();
    await this.#time.advance(HEAL_MS - QUIET_MS);
    this.#isQuiet = true;
    await this.#time.advance(QUIET_MS);
    for (const [id, node] of this.#nodes) {
      for (const place of places) {
        // Answered by a child of the hub: both have to be there.
        const ask = this.#expected(`${id} to ${place.node}/${place.thread}`);
        const hub = hubAt(place.node, place.thread);
        const asked = node.system.ask(hub, 'rest', ask, { timeoutMs: ASK_MS });
        void asked.then((result) => {
          if (result.kind === 'answered') return;
          const what = `${place.node}/${place.thread} does not answer ${id}: ${result.error.message}`;
          this.violate('liveness', what);
        });
      }
    }
    await this.#time.advance(ASK_MS + 1_000);
  }

  #expected(name: string): string {
    this.#hear({ kind: 'asked', ask: name, timeoutMs: ASK_MS, isLocal: false });
    return name;
  }

  async #end(): Promise<void> {
    let stopped = 0;
    for (const [id, node] of this.#nodes) {
      void node.stop().then(
        () => stopped++,
        (thrown) => this.violate('shutdown', `${id}: ${reasonOf(thrown)}`),
      );
    }
    await this.#time.advance(30_000);
    if (stopped !== this.#nodes.size) {
      this.violate('shutdown', `${this.#nodes.size - stopped} nodes did not end`);
    }
    for (const node of this.#nodes.values()) node.crash();
    const left = this.#nodes.size === stopped ? leftIn(this.#nodes.values()) : [];
    for (const what of left) this.violate('nothing left', what);
  }

  violate(invariant: string, what: string): void {
    this.#log.add('VIOLATION', `${invariant}: ${what}`);
    if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push({ invariant, what });
  }
}

function leftIn(nodes: Iterable<SimulatedNode>): readonly string[] {
  return [...nodes].flatMap(({ id, system }) => {
    const { actorCount, pendingAsks } = system;
    const what = [];
    if (actorCount > 0) what.push(`${actorCount} actors on ${id}`);
    if (pendingAsks > 0) what.push(`${pendingAsks} asks on ${id}`);
    return what;
  });
}
