/**
 * One seed: a cluster on virtual time, a workload, a random subset of faults, and checkers that listen. First the faults (safety),
 * then all is healed and everything has to work again (liveness), then everything ends in order and nothing may be left.
 *
 * After FoundationDB's simulation (Zhou et al., SIGMOD 2021) and swarm testing (Groce et al., ISSTA 2012).
 */
import {
  type Log,
  MAIN_THREAD,
  type NodeId,
  type Random,
  reasonOf,
  type ThreadName,
} from '../contracts/index.ts';
import {
  DriftingClock,
  forbidAmbient,
  SimulatedDisk,
  seededRandom,
  simulatedBus,
  simulatedState,
  simulatedStreams,
  simulatedTime,
} from '../host/index.ts';
import { observeTransitions } from '../kernel/index.ts';
import { supervisor } from '../supervisor/index.ts';
import { beginBrittle, brittleSpec } from './brittle.ts';
import type { Checker, Fact, Violation } from './checker.ts';
import { CHECKERS } from './checkers.ts';
import { ClusterMarks } from './cluster-marks.ts';
import { DelegationMarks } from './delegation-marks.ts';
import { EventLog } from './event-log.ts';
import type { FaultWorld } from './fault.ts';
import { type FaultRunner, runSchedule } from './fault-runner.ts';
import {
  describeEvent,
  drawFaults,
  drawSchedule,
  type FaultEvent,
  scheduleOf,
} from './fault-schedule.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedNode, STRATEGY } from './simulated-node.ts';
import {
  type SettledOptions,
  type SimulationOptions,
  type SimulationResult,
  settleOptions,
} from './simulation-options.ts';
import { type Sometimes, seenBy, seenIn } from './sometimes.ts';
import { VirtualMarks } from './virtual-marks.ts';
import { type Ways, waysOf } from './ways.ts';
import { beginWorkload, hubAt, hubSpecs, type Place } from './workload.ts';
import { hasActors, hasCluster } from './workloads.ts';

const STARTED_MS = 1_000;
const QUIET_MS = 3_000;
/** A shared state with one replica. */
const FORGETFUL_SHARE = 0.75;
/** A peer that was silent has to be given up, and found again. */
const HEAL_MS = 40_000;
/** While everything heals there has to be some traffic, not much. */
const HEALING_TRAFFIC = 0.15;
const ASK_MS = 5_000;
const VIOLATIONS_MAX = 20;
const BOUNDS_MS = 500;
const ASKED_MAX = 100;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options);
  observeTransitions((state, event) => simulation.transitions.add(`${state} ${event}`));
  const allow = forbidAmbient(({ stack }) => simulation.violate('nothing ambient', String(stack)));
  try {
    return await simulation.run();
  } finally {
    allow();
    observeTransitions(undefined);
  }
}

class Simulation {
  readonly transitions = new Set<string>();
  readonly #options: SettledOptions;
  readonly #random: Random;
  readonly #time = simulatedTime();
  readonly #log: EventLog;
  readonly #bus;
  readonly #streams;
  readonly #ways: Ways;
  /** A knob of the seed: whether nodes have direct links. */
  readonly #isDirect: boolean;
  readonly #schedule: readonly FaultEvent[];
  readonly #nodeIds: readonly NodeId[];
  readonly #nodes = new Map<NodeId, SimulatedNode>();
  readonly #cluster: SimulatedCluster | undefined;
  readonly #lives = new Map<NodeId, number>();
  readonly #clocks: ReadonlyMap<NodeId, DriftingClock>;
  readonly #disks: ReadonlyMap<NodeId, SimulatedDisk>;
  readonly #violations: Violation[] = [];
  readonly #checkers: readonly Checker[];
  readonly #seen = new Set<Sometimes>();
  readonly #marks = [new ClusterMarks(), new DelegationMarks(), new VirtualMarks()] as const;
  #longestMs = 0;
  #isHealing = false;
  #isQuiet = false;

  constructor(given: SimulationOptions) {
    this.#random = seededRandom(given.seed);
    this.#options = settleOptions(given, this.#random);
    const { plan, faults, nodes, threads, forMs, workload } = this.#options;
    this.#log = new EventLog(this.#time.clock);
    this.#bus = simulatedBus(this.#time, this.#random.fork('bus'));
    this.#streams = simulatedStreams(this.#time, this.#random.fork('streams'));
    this.#isDirect = this.#random.fork('knobs').next() < 0.5;
    this.#nodeIds = Array.from({ length: nodes }, (_, at) => `n-${at + 1}` as NodeId);
    const state = simulatedState(this.#time, this.#random.fork('state'));
    const isStateForgetful = this.#random.fork('state/knob').next() < FORGETFUL_SHARE;
    const { bus, streams, nodeIds } = {
      bus: this.#bus,
      streams: this.#streams,
      nodeIds: this.#nodeIds,
    };
    this.#ways = waysOf({ bus, streams, state, isStateForgetful, nodeIds });
    this.#clocks = new Map(this.#nodeIds.map((id) => [id, new DriftingClock(this.#time)]));
    this.#disks = new Map(this.#nodeIds.map((id) => [id, new SimulatedDisk()]));
    const layout = { nodeIds: this.#nodeIds, threads: threadNames(threads), forMs };
    const chance = this.#random.fork('swarm');
    this.#schedule =
      given.schedule ??
      (plan
        ? scheduleOf(plan, layout, plan.seed === undefined ? chance : seededRandom(plan.seed))
        : drawSchedule(drawFaults(chance, faults), layout, chance));
    const isChecked = (invariant: string): boolean => plan?.verify?.includes(invariant) ?? true;
    const report = (invariant: string, what: string): void => {
      if (isChecked(invariant)) this.violate(invariant, what);
    };
    this.#checkers = [...CHECKERS, ...(given.checkers ?? [])].map((make) => make(report));
    if (!hasCluster(workload)) return;
    this.#cluster = new SimulatedCluster({
      ...{ time: this.#time, random: this.#random.fork('cluster'), state, isStateForgetful },
      hear: (fact) => this.#hear(fact),
      isTroubled: () => !this.#isHealing,
      violate: report,
      nodes: () => [...this.#nodes.values()].filter(({ isAlive }) => isAlive),
      restart: ({ id }) => this.#start(id),
    });
  }

  async run(): Promise<SimulationResult> {
    const { seed, nodes, threads, forMs, workload } = this.#options;
    const uniform = this.#random.fork('workload').next;
    const places = this.#nodeIds.flatMap((node) =>
      threadNames(threads).map((thread) => ({ node, thread })),
    );
    beginBrittle();
    beginWorkload({
      hear: (fact) => this.#hear(fact),
      places,
      uniform,
      sleep: (ms) => new Promise((resolve) => void this.#time.timers.after(ms, resolve)),
      traffic: () => (this.#isQuiet ? 0 : this.#isHealing ? HEALING_TRAFFIC : 1),
    });
    await this.#cluster?.prepare(this.#nodeIds);
    for (const id of this.#nodeIds) this.#start(id);
    if (this.#options.plan?.steadyState && hasActors(workload)) {
      await this.#time.advance(STARTED_MS);
      await this.#checkLiveness(places);
    }
    for (const event of this.#schedule) this.#log.add('PLAN', describeEvent(event));
    const faults = runSchedule(this.#schedule, this.#world(), (what) =>
      this.#log.add('FAULT', what),
    );
    this.#watchBounds();
    await this.#time.advance(forMs);
    await this.#heal(faults, places);
    for (const checker of this.#checkers) checker.finish(this.#time.clock.monotonicMs());
    await this.#end();
    for (const what of seenIn(this.#bus.counts, [...this.#disks.values()], this.#streams.opened()))
      this.#seen.add(what);
    return {
      ...{ seed, nodes, threads, forMs, workload },
      events: this.#log.count,
      hash: this.#log.digest(),
      virtualMs: this.#time.clock.monotonicMs(),
      schedule: this.#schedule,
      transitions: this.transitions,
      violations: this.#violations,
      seen: this.#seen,
      lines: this.#log.lines(),
    };
  }

  #start(id: NodeId): void {
    const life = (this.#lives.get(id) ?? 0) + 1;
    this.#lives.set(id, life);
    this.#log.add(id, `begins its life ${life}`);
    if (this.#cluster) this.#hear({ kind: 'node began', node: `${id}#${life}` });
    const node = new SimulatedNode(id, life, {
      time: this.#time,
      random: this.#random,
      bus: this.#bus,
      streams: this.#isDirect ? this.#streams : undefined,
      threads: this.#options.threads,
      clock: this.#clock(id),
      disk: this.#disk(id),
      hasRuns: hasActors(this.#options.workload),
      cluster: this.#cluster?.terms,
      hear: (fact) => this.#hear(fact),
      isQuiet: () => this.#isHealing,
      isEnding: () => this.#isQuiet,
      log: (place) => this.#logOf(place),
    });
    this.#nodes.set(id, node);
    if (!hasActors(this.#options.workload)) return;
    const terms = {
      hear: (fact: Fact) => node.life.act(() => this.#hear(fact)),
      uniform: this.#random.fork(`brittle/${node.name}`).next,
      isQuiet: () => this.#isQuiet,
    };
    const children = [...hubSpecs(node.places()), brittleSpec(node.name, terms)];
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
    const longestMs = Math.max(this.#bus.counts.longestMs, this.#streams.longestMs());
    if (longestMs > this.#longestMs) {
      this.#longestMs = longestMs;
      this.#hear({ kind: 'transit', ms: longestMs });
    }
    const { kind, ...facts } = fact;
    this.#log.add('', `${kind} ${Object.values(facts).join(' ')}`);
    for (const what of seenBy(fact)) if (what) this.#seen.add(what);
    for (const marks of this.#cluster ? this.#marks : [])
      for (const what of marks.hear(fact)) this.#seen.add(what);
    const nowMs = this.#time.clock.monotonicMs();
    for (const checker of this.#checkers) checker.hear(fact, nowMs);
  }

  /** What is bounded stays within its bounds, at every moment that is looked at. */
  #watchBounds(): void {
    for (const node of this.#nodes.values()) {
      for (const what of node.isAlive ? node.exceeded() : []) this.violate('bounds', what);
    }
    this.#time.timers.after(BOUNDS_MS, () => this.#watchBounds());
  }

  #clock(id: NodeId): DriftingClock {
    return this.#clocks.get(id) as DriftingClock;
  }

  #disk(id: NodeId): SimulatedDisk {
    return this.#disks.get(id) as SimulatedDisk;
  }

  #world(): FaultWorld {
    return {
      ways: this.#ways,
      nodeIds: this.#nodeIds,
      node: (id) => {
        const node = this.#nodes.get(id);
        return node?.isAlive ? node : undefined;
      },
      clock: (id) => this.#clock(id),
      disk: (id) => this.#disk(id),
      random: this.#random.fork('faults'),
      later: (delayMs, what) => void this.#time.timers.after(delayMs, what),
      restart: (id) => {
        if (!this.#nodes.get(id)?.isAlive) this.#start(id);
      },
      rolledBack: (writes) => this.#hear({ kind: 'state lost writes', writes }),
      drift: (rate) => this.#hear({ kind: 'clock drift', rate }),
      loss: (what) => {
        if (what.endsWith('crashes')) this.#seen.add('a node crashed');
        if (what.endsWith('is killed')) this.#seen.add('a thread was killed');
        if (what.endsWith('hangs')) this.#seen.add('a thread hung');
        this.#hear({ kind: 'loss', what });
      },
      damage: (node, what) => this.#hear({ kind: 'disk damage', node, what }),
    };
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Everything is made whole; after a while everything has to work. */
  async #heal(faults: FaultRunner, places: readonly Place[]): Promise<void> {
    this.#log.add('HEAL', 'all faults end');
    this.#isHealing = true;
    faults.heal();
    this.#ways.heal();
    if (this.#cluster) {
      this.#hear({ kind: 'phase', phase: 'healing' });
      await this.#cluster.verify();
    }
    if (!hasActors(this.#options.workload)) {
      this.#isQuiet = true;
      return;
    }
    await this.#time.advance((this.#options.plan?.rollback?.withinMs ?? HEAL_MS) - QUIET_MS);
    this.#isQuiet = true;
    await this.#time.advance(QUIET_MS);
    await this.#checkLiveness(places);
  }

  /** Every thread (in a large world some) answers every node, by a child of its hub: both have to be there. Every node carries out a run. */
  async #checkLiveness(places: readonly Place[]): Promise<void> {
    const withinMs = this.#options.plan?.steadyState?.answersWithinMs ?? ASK_MS;
    const chance = this.#random.fork('liveness');
    for (const [id, node] of this.#nodes) {
      for (const place of some(places, chance)) {
        const ask = this.#expected(`${id} to ${place.node}/${place.thread}`, withinMs);
        const hub = hubAt(place.node, place.thread);
        const asked = node.system.ask(hub, 'rest', ask, { timeoutMs: withinMs });
        void asked.then((result) => {
          if (result.kind === 'answered') return;
          const what = `${place.node}/${place.thread} does not answer ${id}: ${result.error.message}`;
          this.violate('liveness', what);
        });
      }
      void node.runs?.probe().then((reason) => {
        if (reason !== undefined) this.violate('liveness', `${id} carries out no run: ${reason}`);
      });
    }
    await this.#time.advance(withinMs + 1_000);
  }

  #expected(name: string, timeoutMs: number): string {
    const ask = `${name} at ${this.#time.clock.monotonicMs().toFixed(0)}`;
    this.#hear({ kind: 'asked', ask, timeoutMs, isLocal: false });
    return ask;
  }

  async #end(): Promise<void> {
    for (const node of this.#nodes.values()) await node.runs?.readBack();
    if (this.#cluster) this.#hear({ kind: 'phase', phase: 'ending' });
    let stopped = 0;
    for (const [id, node] of this.#nodes) {
      void node.stop().then(
        () => stopped++,
        (thrown) => this.violate('shutdown', `${id}: ${reasonOf(thrown)}`),
      );
    }
    await this.#time.advance(30_000);
    await this.#cluster?.finish();
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

/** All of them, or in a large world as many as can be asked. */
function some(places: readonly Place[], { next }: Random): readonly Place[] {
  if (places.length <= ASKED_MAX) return places;
  const chosen = Array.from({ length: ASKED_MAX }, () => Math.floor(next() * places.length));
  return [...new Set(chosen)].map((at) => places[at] as Place);
}

const threadNames = (count: number): readonly ThreadName[] =>
  [MAIN_THREAD, ...Array.from({ length: count }, (_, at) => `t${at + 1}`)] as ThreadName[];

function leftIn(nodes: Iterable<SimulatedNode>): readonly string[] {
  return [...nodes].flatMap(({ id, system }) => {
    const { actorCount, pendingAsks } = system;
    const what = [];
    if (actorCount > 0) what.push(`${actorCount} actors on ${id}`);
    if (pendingAsks > 0) what.push(`${pendingAsks} asks on ${id}`);
    return what;
  });
}
