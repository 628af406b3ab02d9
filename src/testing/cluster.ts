/**
 * A cluster for tests: real actor systems with real links and sessions between them, on virtual time and a simulated bus, in one
 * thread. A seed decides how long each packet takes and which are lost; actors of other nodes are reached by ref or address.
 */
import { isSafeName, type Log, type Random } from '../contracts/index.ts';
import {
  type SimulatedBus,
  type SimulatedTime,
  seededRandom,
  simulatedBus,
  simulatedTime,
} from '../host/index.ts';
import { requireArgument } from './expectation.ts';
import { type DelayRange, FaultLinks, type LinkFaults } from './fault-links.ts';
import { TestNode } from './test-node.ts';
import { SILENT } from './test-system.ts';
import { settled } from './waiting.ts';

export interface TestClusterOptions {
  /** Names of the nodes, or how many: then they are `n-1`, `n-2` and so on. 1 to 100; default 3. */
  readonly nodes?: number | readonly string[];
  /** Default 1. */
  readonly seed?: number | string;
  /** From the start on; default none. */
  readonly faults?: LinkFaults;
  /** The log of each node; default: nothing is logged. */
  readonly log?: (node: string) => Log;
}

const NODES_MAX = 100;
const NODES = 3;
const STOP_MS = 60_000;

export class TestCluster {
  readonly time: SimulatedTime = simulatedTime();
  /** For choices of the test itself; forks leave the cluster's own draws as they are. */
  readonly random: Random;
  readonly #random: Random;
  readonly #bus: SimulatedBus;
  readonly #links: FaultLinks;
  readonly #log: (node: string) => Log;
  readonly #nodes = new Map<string, TestNode>();

  /** @throws ARGUMENT_INVALID as a `SkeinException` */
  constructor({ nodes = NODES, seed = 1, faults = {}, log }: TestClusterOptions = {}) {
    this.#random = seededRandom(seed);
    this.random = this.#random.fork('test');
    this.#bus = simulatedBus(this.time, this.#random.fork('bus'));
    this.#log = log ?? (() => SILENT);
    this.#links = new FaultLinks(this.#bus);
    this.#links.apply(faults);
    for (const name of namesOf(nodes)) this.#start(name, 1);
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** The node in its present life. @throws ARGUMENT_INVALID as a `SkeinException` */
  node(name: string): TestNode {
    const node = this.#nodes.get(name);
    const expected = `one of ${this.names.join(', ')}`;
    requireArgument(node !== undefined, 'node', { found: name, expected });
    return node as TestNode;
  }

  /** Moves the time of all nodes on. */
  async advance(byMs: number): Promise<void> {
    await this.time.advance(byMs);
  }

  // --- links

  /** Nothing gets from one to the other, either way, until `heal`. After 30 s of it the peer is taken to be gone. */
  partition(left: string, right: string): void {
    this.partitionOneWay(left, right);
    this.partitionOneWay(right, left);
  }

  /** What `from` sends does not reach `to`; the other direction works. */
  partitionOneWay(from: string, to: string): void {
    this.#links.cut(this.node(from).name, this.node(to).name);
  }

  /** Ends partitions, losses, repetitions and delays. Nodes that crashed or hang stay as they are. */
  heal(): void {
    this.#links.heal();
  }

  /** @param share of packets, 0 to 1  @throws ARGUMENT_INVALID as a `SkeinException` */
  lose(share: number): void {
    this.#links.apply({ lose: share });
  }

  /** @param share of packets, 0 to 1  @throws ARGUMENT_INVALID as a `SkeinException` */
  repeat(share: number): void {
    this.#links.apply({ repeat: share });
  }

  /** Each packet takes from `minMs` to `maxMs`, at most 60,000. @throws ARGUMENT_INVALID as a `SkeinException` */
  delay(delay: DelayRange): void {
    this.#links.apply({ delay });
  }

  /** Packets so far. */
  get packets(): Readonly<SimulatedBus['counts']> {
    return this.#bus.counts;
  }

  // --- nodes

  /** The process is gone in the middle of whatever it did. Others learn of it when it is silent, or back. */
  crash(name: string): void {
    this.node(name).crash();
  }

  /** Begins the node anew, without an actor; ends the life that still was. Refs to actors of earlier lives are stale. */
  restart(name: string): TestNode {
    const { lifeNumber } = this.node(name);
    this.crash(name);
    return this.#start(name, lifeNumber + 1);
  }

  /** The node does nothing until `wake`: a long collection of garbage, a laptop that was closed. */
  hang(name: string): void {
    this.node(name).hang();
  }

  /** What fell due while it hung happens at once. */
  wake(name: string): void {
    this.node(name).wake();
  }

  /** Ends all nodes in order. @throws ExpectationFailed when they do not end: an actor that hangs, a node that hangs */
  async stop(): Promise<void> {
    const stopped = Promise.all(Array.from(this.#nodes.values(), (node) => node.stop()));
    await settled(this, stopped, { withinMs: STOP_MS });
  }

  #start(name: string, lifeNumber: number): TestNode {
    const world = { time: this.time, random: this.#random, bus: this.#bus, log: this.#log(name) };
    const node = new TestNode(name, lifeNumber, world);
    this.#nodes.set(name, node);
    return node;
  }
}

/** @throws ARGUMENT_INVALID as a `SkeinException` */
export const testCluster = (options: TestClusterOptions = {}): TestCluster =>
  new TestCluster(options);

function namesOf(nodes: number | readonly string[]): readonly string[] {
  const names =
    typeof nodes === 'number'
      ? Array.from({ length: Math.min(nodes, NODES_MAX + 1) }, (_, at) => `n-${at + 1}`)
      : nodes;
  const isBounded = names.length >= 1 && names.length <= NODES_MAX;
  const isSound = names.every(isSafeName) && new Set(names).size === names.length;
  const expected = `1 to ${NODES_MAX} nodes, each with a name of its own`;
  requireArgument(isBounded && isSound, 'nodes', { found: nodes, expected });
  return names;
}
