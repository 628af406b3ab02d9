/** One node of a simulated cluster: the real kernel, supervisors, links and sessions on virtual time, with threads that can die. */
import { httpClientOf, SKILL_ACTOR, sandboxOf, skillActor } from '../actors/index.ts';
import {
  LIMITS,
  type Log,
  MAIN_THREAD,
  type NodeId,
  type Ports,
  type Random,
  type ThreadName,
} from '../contracts/index.ts';
import {
  type DriftingClock,
  portsOf,
  type SimulatedBus,
  type SimulatedDisk,
  SimulatedLife,
  type SimulatedProcesses,
  type SimulatedStreams,
  type SimulatedThreads,
  type SimulatedTime,
  simulatedProcesses,
  simulatedThreads,
} from '../host/index.ts';
import { ActorSystem, joinBus, provideModule } from '../kernel/index.ts';
import { simulatedHost } from '../sandbox/index.ts';
import { type Joined, liveThread, startThreads, ThreadGroup } from '../supervisor/index.ts';
import { DirectLinks, type PeerSessions, simulatedIdentity } from '../transport/index.ts';
import type { Fact } from './checker.ts';
import { farBodies } from './far-skills.ts';
import { SimulatedDelegation, SLOTS } from './simulated-delegation.ts';
import { type ClusterTerms, SimulatedMember } from './simulated-member.ts';
import { SimulatedRuns, SLOTS_PER_THREAD } from './simulated-runs.ts';
import { bankClient, SIMULATED_SKILLS } from './simulated-skills.ts';
import { SimulatedVirtual } from './simulated-virtual.ts';

export interface NodeWorld {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly bus: SimulatedBus;
  /** For direct links; undefined: there are none. */
  readonly streams: SimulatedStreams | undefined;
  readonly threads: number;
  /** Of its machine, as the disk: both outlive the process. */
  readonly clock: DriftingClock;
  readonly disk: SimulatedDisk;
  /** Whether it carries out runs. */
  readonly hasRuns: boolean;
  /** Undefined: it knows of no other nodes and owns nothing. */
  readonly cluster: ClusterTerms | undefined;
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
  /** Nothing more is begun. */
  readonly isEnding: () => boolean;
  readonly log: (place: string) => Log;
}

const CLUSTER = 'sim';
const DRAIN_MS = 500;
const HOP_MS_MAX = 0.1;
const HANG_MS = 5_000;
const HEAP_MIB = 64;
/** Beside one for each slot: one that waits, and some that are on their way out. */
const HOSTS_SPARE = 4;
const ASKS_MAX = 10_000;
/** Faults kill threads far more often than a real node would bear. */
export const STRATEGY = {
  scope: 'one-for-one',
  intensity: { maxRestarts: 1_000, windowMs: 60_000 },
  backoff: { minMs: 50, maxMs: 500, jitterRatio: 0.2 },
} as const;
provideModule(SKILL_ACTOR.url, { default: skillActor });
const NO_TRACING = { flush: () => undefined, stop: () => undefined };

export class SimulatedNode {
  readonly id: NodeId;
  /** `n-1#2`: the second life of `n-1`. */
  readonly name: string;
  readonly life = new SimulatedLife();
  readonly runs: SimulatedRuns | undefined;
  readonly member: SimulatedMember | undefined;
  readonly delegation: SimulatedDelegation | undefined;
  readonly virtual: SimulatedVirtual | undefined;
  readonly system: ActorSystem;
  readonly threadNames: readonly ThreadName[];
  readonly #threads: SimulatedThreads;
  readonly #group: ThreadGroup;
  readonly #sessions: PeerSessions;
  #listeners = 0;
  readonly #hosts = new Map<string, SimulatedProcesses>();

  /** `lifeNumber` counts the lives of the node's name, from 1. */
  constructor(id: NodeId, lifeNumber: number, world: NodeWorld) {
    const { time, clock, disk, log, hear, isQuiet } = world;
    const random = world.random.fork(`${id}/${lifeNumber}`);
    this.id = id;
    this.name = `${id}#${lifeNumber}`;
    this.life.onDeath(() => hear({ kind: 'node ended', node: this.name }));
    const ports = portsOf(this.life, time, random.fork('main'), clock);
    this.system = new ActorSystem({
      node: id,
      epoch: lifeNumber * 1_000,
      ports,
      log: log(`${id}/main`),
    });
    this.#sessions = this.#join(this.system, this.life, world);
    this.threadNames = Array.from({ length: world.threads }, (_, at) => `t${at + 1}` as ThreadName);
    this.#threads = simulatedThreads({
      time,
      random: random.fork('threads'),
      life: this.life,
      clock,
      hopMsMax: HOP_MS_MAX,
      streams: NO_STREAMS,
      main: (start) => {
        const boot = start.boot as { readonly thread: ThreadName; readonly epoch: number };
        const own = { ...start, boot: { ...boot, epoch: boot.epoch + lifeNumber * 1_000 } };
        const life = this.#threads.life(boot.thread);
        return liveThread(own, {
          log: log(`${id}/${boot.thread}`),
          tracing: NO_TRACING,
          join: async (system) => {
            if (!life) return undefined;
            this.#equip(system, life, own.ports.random, world);
            return joinedBy(this.#join(system, life, world));
          },
        });
      },
    });
    this.#group = new ThreadGroup({
      node: id,
      threads: this.#threads,
      ports,
      log: { level: 'silent', format: 'json' },
      heapMiB: HEAP_MIB,
      onSpans: () => undefined,
    });
    startThreads(this.system, {
      group: this.#group,
      names: this.threadNames,
      strategy: STRATEGY,
      hangMs: HANG_MS,
      drainMs: DRAIN_MS,
    });
    const { life, name, system } = this;
    this.#equip(system, life, random, world);
    disk.onStall = (stallMs) => {
      life.hang();
      time.timers.after(stallMs, () => life.wake());
    };
    const runPorts = { ...ports, random: random.fork('runs') };
    const runs = { name, system, ports: runPorts, life, disk, hear, isQuiet };
    this.runs = world.hasRuns ? new SimulatedRuns(runs) : undefined;
    const { cluster } = world;
    this.delegation = cluster && this.#delegate(cluster, ports, world);
    this.virtual = cluster && this.#host(cluster, ports, world);
    this.member = cluster && this.#becomeMember(cluster, ports, world);
  }

  get isAlive(): boolean {
    return this.life.isAlive;
  }

  /** All threads, the main one too. */
  places(): readonly ThreadName[] {
    return [MAIN_THREAD, ...this.threadNames];
  }

  lifeOf(thread: ThreadName): SimulatedLife | undefined {
    return thread === MAIN_THREAD ? this.life : this.#threads.life(thread);
  }

  /** The process is gone in the middle of whatever it did. */
  crash(): void {
    this.life.die();
  }

  /** All of its threads stand still. @returns what lets them go on */
  pause(): () => void {
    const own = this.places().flatMap((thread) => this.lifeOf(thread) ?? []);
    const lives = this.member ? [...own, this.member.gossipLife] : own;
    for (const life of lives) life.hang();
    return () => {
      for (const life of lives) life.wake();
    };
  }

  killThread(thread: ThreadName): void {
    this.#group.terminate(thread, { kind: 'threw', message: 'killed by a fault' });
  }

  sandboxHosts(thread: ThreadName): ReturnType<SimulatedProcesses['alive']> {
    return this.#hosts.get(thread)?.alive() ?? [];
  }

  /** What is over its bound now, in sentences. */
  exceeded(): readonly string[] {
    const { system, id } = this;
    const slots = (this.runs ? SLOTS_PER_THREAD : 0) + (this.delegation ? SLOTS : 0);
    const hostsMax = slots + HOSTS_SPARE;
    const found = this.places().map(
      (thread) =>
        [`sandbox hosts on ${id}/${thread}`, this.sandboxHosts(thread).length, hostsMax] as const,
    );
    const counts = [
      [`dead letters kept by ${id}`, system.deadLetters.list().length, LIMITS.deadLetters],
      [`open asks of ${id}`, system.pendingAsks, ASKS_MAX],
      ...found,
    ] as const;
    return counts.flatMap(([what, count, max]) =>
      count > max ? [`${count} ${what}, ${max} at most`] : [],
    );
  }

  /** Settles when everything of the node has ended in order. */
  async stop(): Promise<void> {
    await this.delegation?.close();
    await this.virtual?.close();
    await this.member?.stop();
    await this.system.shutdown({ drainMs: DRAIN_MS });
    await this.#sessions.close();
    await this.#group.close();
  }

  #becomeMember(terms: ClusterTerms, ports: Ports, world: NodeWorld): SimulatedMember {
    const { id, name, life, system } = this;
    const { time, bus, clock, log, hear, isEnding: isQuiet } = world;
    const random = world.random.fork(`${name}/member`);
    return new SimulatedMember({
      ...{ id, name, life, system, terms, time, bus, clock, hear, isQuiet, random },
      ports: { ...ports, random },
      cluster: CLUSTER,
      log: log(`${id}/member`),
      onGone: (node) => this.delegation?.memberGone(node),
      onChange: () => this.virtual?.reconsider(),
    });
  }

  #host(terms: ClusterTerms, ports: Ports, world: NodeWorld): SimulatedVirtual {
    const { id, name, life, system } = this;
    const { state, lease, patienceMs, handOverAfterMs, virtual } = terms;
    const { hear, isEnding: isQuiet, log } = world;
    return new SimulatedVirtual({
      ...{ id, name, life, system, state, lease, patienceMs, handOverAfterMs, hear, isQuiet },
      terms: virtual,
      log: log(`${id}/virtual`),
      ports: { ...ports, random: world.random.fork(`${name}/virtual`) },
      candidates: () => this.member?.candidates() ?? [],
    });
  }

  #delegate(terms: ClusterTerms, ports: Ports, world: NodeWorld): SimulatedDelegation | undefined {
    const { id, name, life, system } = this;
    const registry = terms.registries.get(id);
    if (!registry) return undefined;
    const random = world.random.fork(`${name}/delegation`);
    return new SimulatedDelegation({
      ...{ id, name, life, system, registry, hear: world.hear, isTroubled: terms.isTroubled },
      ports: { ...ports, random },
      members: () => this.member?.members() ?? [],
    });
  }

  /** What the skills of a thread run in and reach out by. */
  #equip(system: ActorSystem, life: SimulatedLife, random: Random, world: NodeWorld): void {
    const { time, hear, cluster } = world;
    const hosts = simulatedProcesses({
      time,
      random: random.fork('hosts'),
      owner: life,
      main: simulatedHost(
        cluster ? new Map([...SIMULATED_SKILLS, ...farBodies(this.name, hear)]) : SIMULATED_SKILLS,
      ),
    });
    this.#hosts.set(system.thread, hosts);
    void sandboxOf(system, 0, { level: 'process' }, hosts);
    const bank = bankClient({
      uniform: random.fork('bank').next,
      sleep: (ms) => new Promise((resolve) => void time.timers.after(ms, resolve)),
      paid: (key) => hear({ kind: 'effect', key }),
    });
    httpClientOf(system, cluster ? cluster.ledger.client(life, bank) : bank);
  }

  #join(system: ActorSystem, life: SimulatedLife, { bus, streams }: NodeWorld): PeerSessions {
    const sessions = joinBus(system, {
      cluster: CLUSTER,
      bus: bus.join(this.id, life),
      identity: simulatedIdentity(this.id),
    });
    if (streams) {
      const { timers, random, log, node, thread } = system;
      // Nobody dials by the host's name in a simulation; each thread listens on a port of its own.
      const host = `${node}-${thread}-${++this.#listeners}`;
      const own = streams.join(this.id, life);
      void DirectLinks.start({ sessions, streams: own, timers, random, log, host });
    }
    return sessions;
  }
}

const joinedBy = (sessions: PeerSessions): Joined => ({
  peers: () => sessions.status(),
  isConnected: () => true,
  refused: () => sessions.refused(),
  mismatches: () => sessions.mismatches(),
  close: () => sessions.close(),
});

const unused = (): never => {
  throw new Error('the simulation has no streams yet');
};
const NO_STREAMS = { hostId: () => '', socketFolder: unused, listen: unused, dial: unused };
