/**
 * A group supervisor: starts node processes, knows when each is ready (its threads run, it is in the cluster, it sees the
 * others), starts again what ends unasked, drains and stops. `rollout.ts` replaces them all, one by one, by its means.
 */
import {
  failure,
  type Log,
  type Ports,
  type Processes,
  type ProcessSpec,
  type Result,
  type SkeinError,
  skeinError,
  success,
} from '../../contracts/index.ts';
import type { Strategy } from '../strategy.ts';
import type { DrainReport } from './group-lines.ts';
import { knowsAll, NODE_STRATEGY } from './node-fate.ts';
import type { NodeSettings } from './node-settings.ts';
import {
  type GroupNode,
  type NodeChange,
  type NodeState,
  SupervisedNode,
} from './supervised-node.ts';

/** What happened to a node, `atMs` after the group began. */
export type GroupEvent = NodeChange & {
  readonly atMs: number;
  readonly name: string;
  readonly node: string | null;
  readonly pid: number | null;
};

export interface NodeGroupOptions extends Ports {
  readonly nodes: readonly NodeSettings[];
  readonly launch: (settings: NodeSettings) => ProcessSpec;
  readonly processes: Processes;
  readonly log: Log;
  /** Default: NODE_STRATEGY. */
  readonly strategy?: Strategy;
  readonly onEvent?: (event: GroupEvent) => void;
  /** What nodes write to stderr: their logs. */
  readonly onStderr?: (name: string, text: string) => void;
  /** From the start of a process until it has to be ready; default 60,000. */
  readonly startMs?: number;
  /** From the order to stop until a process is killed; default 10,000. */
  readonly stopMs?: number;
  /** Processes that start at the same time; default 4. */
  readonly startsAtOnce?: number;
}

const START_MS = 60_000;
const STOP_MS = 10_000;
const STARTS_AT_ONCE = 4;
const ENDED: readonly NodeState[] = ['failed', 'stopped'];

export class NodeGroup {
  readonly startMs: number;
  readonly #options: NodeGroupOptions;
  readonly #nodes: ReadonlyMap<string, SupervisedNode>;
  readonly #bornMs: number;
  readonly #listeners = new Set<(event: GroupEvent) => void>();
  readonly #waiting = new Set<() => void>();
  #unstarted: SupervisedNode[];
  #isOver = false;

  /** Begins at once; `ready` tells when all have their place. */
  static start(options: NodeGroupOptions): NodeGroup {
    const group = new NodeGroup(options);
    group.#startNext();
    return group;
  }

  private constructor(options: NodeGroupOptions) {
    this.#options = options;
    this.startMs = options.startMs ?? START_MS;
    this.#bornMs = options.clock.monotonicMs();
    if (options.onEvent) this.#listeners.add(options.onEvent);
    this.#nodes = new Map(
      options.nodes.map((settings) => [settings.name, this.#supervise(settings)]),
    );
    this.#unstarted = [...this.#nodes.values()];
  }

  /** In the order of their start. */
  nodes(): readonly GroupNode[] {
    return Array.from(this.#nodes.values(), (node) => node.describe());
  }

  settingsOf(name: string): NodeSettings | undefined {
    return this.#nodes.get(name)?.settings;
  }

  /** Tells of every phase and every change of state from now on. @returns a function that ends it. */
  onEvent(listener: (event: GroupEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Settles once every node is ready and knows every other. Failure: why the first that cannot be is not, or NODE_START_FAILED. */
  async ready(timeoutMs = this.startMs): Promise<Result<void>> {
    const all = [...this.#nodes.values()];
    const settled = await this.#until(timeoutMs, () => {
      const down = all.find(({ state }) => ENDED.includes(state) && !this.#isToStart(state));
      if (down) return { ok: false, error: down.error ?? unready(down) } as const;
      const members = all.flatMap(({ member }) => member ?? []);
      const isWhole = all.every(
        ({ state, facts }) => state === 'ready' && knowsAll(facts?.members ?? [], members),
      );
      return isWhole ? success(undefined) : undefined;
    });
    if (settled) return settled;
    const late = all.find(({ state }) => state !== 'ready') ?? all[0];
    return late
      ? { ok: false, error: unready(late, `it was not ready in ${timeoutMs} ms`) }
      : success(undefined);
  }

  /** Settles once the node is ready, at the latest when it has failed or time is over. Failure: NODE_START_FAILED and others. */
  async whenReady(name: string, timeoutMs: number): Promise<Result<void>> {
    const node = this.#nodes.get(name);
    if (!node) return noSuchNode(name, this.#nodes);
    const settled = await this.#until(timeoutMs, () => {
      if (node.state === 'ready') return success(undefined);
      if (ENDED.includes(node.state)) {
        return { ok: false, error: node.error ?? unready(node) } as const;
      }
      return undefined;
    });
    if (settled) return settled;
    return { ok: false, error: unready(node, `it was not ready in ${timeoutMs} ms`) };
  }

  /** By name or node ID. Failures: ARGUMENT_INVALID, DRAIN_TIMEOUT, NODE_UNREACHABLE. */
  async drain(wanted: string, timeoutMs: number): Promise<Result<DrainReport>> {
    const node = this.#find(wanted);
    return node ? node.drain(timeoutMs) : noSuchNode(wanted, this.#nodes);
  }

  /** Lets a drained node take work again. Failure: ARGUMENT_INVALID. */
  resume(wanted: string): Result<void> {
    const node = this.#find(wanted);
    if (!node) return noSuchNode(wanted, this.#nodes);
    node.resume();
    return success(undefined);
  }

  /** Ends the process of a node, and nothing follows it until `begin`. */
  async stopNode(name: string): Promise<void> {
    await this.#nodes.get(name)?.stop();
  }

  /**
   * Begins a stopped node anew and waits until it is ready. A life that ends before is followed by others, as the strategy lets it; when
   * time is over, or the node is given up, it is stopped. Failure: NODE_START_FAILED, or why the node says that it could not start.
   */
  async begin(settings: NodeSettings, timeoutMs = this.startMs): Promise<Result<void>> {
    const node = this.#nodes.get(settings.name);
    if (!node) return noSuchNode(settings.name, this.#nodes);
    if (this.#isOver) return { ok: false, error: unready(node, 'its group has been stopped') };
    node.begin(settings);
    const ready = await this.whenReady(settings.name, timeoutMs);
    if (!ready.ok) await node.stop();
    return ready;
  }

  /** Stops all, each by the order to end, then, after the deadline, by SIGKILL. Settles when no process is left. */
  async stop(): Promise<void> {
    this.#unstarted = [];
    this.#isOver = true;
    await Promise.all(Array.from(this.#nodes.values(), (node) => node.stop()));
  }

  #supervise(settings: NodeSettings): SupervisedNode {
    const { name } = settings;
    const { onStderr } = this.#options;
    return new SupervisedNode(settings, {
      ...this.#options,
      strategy: this.#options.strategy ?? NODE_STRATEGY,
      startMs: this.startMs,
      stopMs: this.#options.stopMs ?? STOP_MS,
      onChange: (change) => this.#changed(name, change),
      onFacts: () => this.#look(),
      onStderr: (text) => onStderr?.(name, text),
    });
  }

  #changed(name: string, change: NodeChange): void {
    const described = this.#nodes.get(name)?.describe();
    const { node = null, pid = null } = described ?? {};
    const atMs = this.#options.clock.monotonicMs() - this.#bornMs;
    for (const tell of [...this.#listeners]) tell({ ...change, atMs, name, node, pid });
    this.#look();
  }

  /** Gives a place to those who know all others, begins who waits for a turn, wakes who waits for a state. */
  #look(): void {
    const running = Array.from(this.#nodes.values()).flatMap(({ member }) => member ?? []);
    for (const node of this.#nodes.values()) {
      if (node.state === 'joining' && knowsAll(node.facts?.members ?? [], running)) node.joined();
    }
    this.#startNext();
    for (const look of [...this.#waiting]) look();
  }

  #startNext(): void {
    const { startsAtOnce = STARTS_AT_ONCE } = this.#options;
    const starting = (): number =>
      Array.from(this.#nodes.values()).filter(({ state }) => state === 'starting').length;
    while (this.#unstarted.length > 0 && starting() < startsAtOnce)
      this.#unstarted.shift()?.begin();
  }

  #isToStart(state: NodeState): boolean {
    return state === 'stopped' && this.#unstarted.length > 0;
  }

  #find(wanted: string): SupervisedNode | undefined {
    const byId = Array.from(this.#nodes.values()).find(({ member }) => member === wanted);
    return this.#nodes.get(wanted) ?? byId;
  }

  /** Looks after each change until `look` finds something. @returns undefined when time is over */
  #until<T>(timeoutMs: number, look: () => T | undefined): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const finish = (found: T | undefined): void => {
      this.#waiting.delete(again);
      deadline.cancel();
      resolve(found);
    };
    const again = (): void => {
      const found = look();
      if (found !== undefined) finish(found);
    };
    const deadline = this.#options.timers.after(timeoutMs, () => finish(undefined));
    this.#waiting.add(again);
    again();
    return promise;
  }
}

const unready = (node: SupervisedNode, reason = `it is ${node.state}`): SkeinError =>
  skeinError('NODE_START_FAILED', { node: node.settings.name, reason });

const noSuchNode = (found: string, nodes: ReadonlyMap<string, unknown>) =>
  failure('ARGUMENT_INVALID', {
    argument: 'node',
    found: found.slice(0, 100),
    expected: `one of ${[...nodes.keys()].join(', ')}, or a node ID`,
  });
