/** The kill switch among the parts of a node: what it stops, where its orders come from, and what an operator may ask of it. */
import { resolve } from 'node:path';
import type { effectsActor, SandboxKeeperArgs, skillPoolActor } from '../../actors/index.ts';
import type { VirtualActors } from '../../cluster/index.ts';
import {
  type Journal,
  type NodeId,
  type Ports,
  type Result,
  type SkeinError,
  success,
  type ThreadName,
} from '../../contracts/index.ts';
import { openJetStreamState } from '../../journal/index.ts';
import type { ActorRef, ActorSystem, AskResult, RefOf } from '../../kernel/index.ts';
import {
  addStopped,
  type HaltJudge,
  type HaltOrder,
  type HaltRecord,
  LEASE,
  NOTHING_STOPPED,
  type Stopped,
} from '../../sandbox/index.ts';
import { type ClusterOptions, natsAccessOf } from '../../supervisor/index.ts';
import { dialNats, keyText, type NodeKey } from '../../transport/index.ts';
import { auditTo } from '../audit.ts';
import type { RunningRun } from '../execute.ts';
import type { NodeCluster } from '../node-cluster.ts';
import type { NodeOptions } from '../node-options.ts';
import { keeperHalt } from '../sandbox-keepers.ts';
import { CONTROL_LEASE_MS, ControlChannel, unreadOrder } from './control-channel.ts';
import { type HaltWish, KillSwitch } from './kill-switch.ts';
import { type Confirmation, collectReceipts, HALTS, haltsActor } from './receipts.ts';

/** What stands on a node, and whether it would hear of more. */
export interface HaltStatus {
  /** The order under which the node as a whole is halted. */
  readonly haltedBy: string | null;
  readonly standing: readonly HaltOrder[];
  /** Null for a node by itself. */
  readonly channel: 'heard' | 'away' | null;
}

export interface HaltAnswer {
  readonly record: HaltRecord;
  readonly confirmations: readonly Confirmation[];
}

export interface HaltReleased {
  readonly released: readonly HaltAnswer[];
  /** Damaged files that no longer count. */
  readonly setAside: readonly string[];
}

/** What an operator may ask of a node's kill switch. */
export interface HaltControl {
  readonly status: () => HaltStatus;
  /** Gives an order to the members of the cluster, or to this node alone. Failure: OVERLOADED. */
  readonly order: (wish: HaltWish, timeoutMs: number) => Promise<Result<HaltAnswer>>;
  /** Releases an order that this node knows, or all that stand. Failure: ARGUMENT_INVALID. */
  readonly release: (
    order: string | 'all',
    said: Pick<HaltOrder, 'reason' | 'by'>,
    timeoutMs: number,
  ) => Promise<Result<HaltReleased>>;
}

export interface NodeHaltsParts {
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly key: NodeKey;
  readonly options: Pick<NodeOptions, 'dataDir' | 'cluster' | 'virtual'>;
  readonly journal: Journal;
  readonly cluster: ClusterOptions | undefined;
  readonly threads: readonly ThreadName[];
}

/** What exists only once the node is put together. */
export interface HaltedParts {
  readonly pool: ActorRef;
  readonly keepers: ActorRef;
  readonly effects: ActorRef;
  readonly virtual: Pick<VirtualActors, 'halt'>;
  readonly place: Pick<NodeCluster, 'members' | 'dead'> | undefined;
  /** The node as a whole was halted, or is no longer. */
  readonly onWhole: () => void;
}

export class NodeHalts implements HaltControl {
  readonly #parts: NodeHaltsParts;
  readonly #killSwitch: KillSwitch;
  readonly #running = new Set<RunningRun>();
  #halted: HaltedParts | undefined;
  #channel: ControlChannel | undefined;
  #closeNats: () => Promise<void> = async () => undefined;

  /** Knows the orders of earlier lives from here on. */
  constructor(parts: NodeHaltsParts) {
    const { system, ports, key, journal } = parts;
    const { dataDir } = parts.options;
    this.#parts = parts;
    this.#killSwitch = new KillSwitch({
      ...{ key, ...ports, log: system.log },
      dataDir: dataDir === 'memory' ? undefined : dataDir,
      audit: auditTo(journal, system.log),
      stop: () => this.#stop(),
    });
    if (parts.cluster) this.#killSwitch.lease(() => unreadOrder(0));
  }

  get judge(): HaltJudge {
    return this.#killSwitch.judge;
  }

  /** What runs are told. */
  get runArgs(): { readonly halted: HaltJudge; readonly running: Set<RunningRun> } {
    return { halted: this.judge, running: this.#running };
  }

  /** What the keepers of sandboxes are told. */
  get keeperArgs(): Pick<SandboxKeeperArgs, 'dataDir'> {
    const { dataDir } = this.#parts.options;
    return dataDir === 'memory' ? {} : { dataDir: resolve(dataDir) };
  }

  /** Why the node as a whole does nothing. */
  readonly whole = (): SkeinError | undefined => this.#killSwitch.judge({});

  /** From here on orders of others are taken. Settles when those of the cluster were read: nothing may run before. */
  async open(halted: HaltedParts): Promise<void> {
    const { cluster, ports, system, options } = this.#parts;
    const leaseMs = options.cluster?.controlLeaseMs ?? CONTROL_LEASE_MS;
    this.#halted = halted;
    this.#killSwitch.onChange(() => halted.onWhole());
    this.#killSwitch.watchFolder();
    const args = { killSwitch: this.#killSwitch, trusts: this.#trusts };
    if (cluster) {
      system.spawn(haltsActor, args, { name: HALTS });
      this.#channel = new ControlChannel({
        ...{ killSwitch: this.#killSwitch, trusts: this.#trusts, leaseMs, log: system.log },
        ...ports,
        openState: () => this.#openState(cluster),
      });
      await this.#channel.firstRead();
      if (leaseMs === 0) this.#killSwitch.lease(() => undefined);
    }
    // Threads read the folder as they start. What only the channel says they hear of now, and that nothing is unread any more.
    if (cluster || this.#killSwitch.standing().length > 0) await this.#stop();
    halted.onWhole();
  }

  status(): HaltStatus {
    const standing = this.#killSwitch.standing();
    const error = this.whole();
    const haltedBy = error ? String((error.details as { readonly order: string }).order) : null;
    const channel = this.#channel && (this.#channel.isFresh ? 'heard' : 'away');
    return { haltedBy, standing, channel: channel ?? null };
  }

  async order(wish: HaltWish, timeoutMs: number): Promise<Result<HaltAnswer>> {
    const record = this.#killSwitch.order(wish);
    if (!record.ok) return record;
    return success(await this.#giveOut(record.value, timeoutMs));
  }

  async release(
    order: string | 'all',
    said: Pick<HaltOrder, 'reason' | 'by'>,
    timeoutMs: number,
  ): Promise<Result<HaltReleased>> {
    const standing = this.#killSwitch.standing().map(({ id }) => id);
    const ids = order === 'all' ? standing.filter((id) => id !== LEASE) : [order];
    const released: HaltRecord[] = [];
    const setAside: string[] = [];
    for (const id of ids) {
      const record = this.#killSwitch.release(id, said);
      if (!record.ok) return record;
      if ('setAside' in record.value) setAside.push(record.value.setAside);
      else released.push(record.value);
    }
    const answers = released.map((record) => this.#giveOut(record, timeoutMs));
    return success({ released: await Promise.all(answers), setAside });
  }

  async close(): Promise<void> {
    this.#killSwitch.close();
    await this.#channel?.close();
    await this.#closeNats();
  }

  /** At once here and to all others; a record of this node alone stays here. */
  async #giveOut(record: HaltRecord, timeoutMs: number): Promise<HaltAnswer> {
    const { system, ports } = this.#parts;
    const self = system.node;
    const { place } = this.#halted ?? {};
    const members = place?.members().map(({ node }) => node) ?? [];
    const dead = place?.dead() ?? [];
    const named = record.order?.scope.kind === 'node' ? [record.order.scope.name as NodeId] : [];
    const isLocal = record.order?.reach === 'local';
    const nodes = isLocal ? [self] : [...new Set([self, ...members, ...dead, ...named])];
    const collecting = { system, killSwitch: this.#killSwitch, ...ports, timeoutMs };
    const confirmations = await collectReceipts(record, nodes, collecting);
    return { record, confirmations };
  }

  readonly #trusts = (key: string): boolean => {
    const { cluster, key: own } = this.#parts;
    const trusted = cluster?.trustedKeys;
    return trusted === undefined || trusted.includes(key) || keyText(own.publicKey) === key;
  };

  /** Ends what may not run, on the main thread and on all others. */
  async #stop(): Promise<Result<Stopped>> {
    const { system, threads } = this.#parts;
    const { judge } = this.#killSwitch;
    const parts = this.#halted;
    if (!parts) return success(NOTHING_STOPPED);
    const orders = { records: this.#killSwitch.records(), passing: this.#killSwitch.passing() };
    const told = threads.map((thread) => keeperHalt(system, parts.keepers, thread, orders));
    const pool = parts.pool as RefOf<typeof skillPoolActor>;
    const ended = system.ask(pool, 'halt', undefined);
    const effects = parts.effects as RefOf<typeof effectsActor>;
    const givenUp = system.ask(effects, 'halt', undefined);
    let runs = 0;
    for (const { ref, tenant } of this.#running) {
      const error = judge({ tenant });
      if (!error) continue;
      runs++;
      system.tell(ref, 'halt', error);
    }
    const whole = this.whole();
    const virtual = whole ? parts.virtual.halt(whole) : Promise.resolve(0);
    const actors = await ended;
    if (actors.kind !== 'answered') return { ok: false, error: actors.error };
    // Calls of runs: the threads count them.
    const calls = await givenUp;
    if (calls.kind !== 'answered') return { ok: false, error: calls.error };
    let stopped: Stopped = { ...NOTHING_STOPPED, runs, actors: actors.value + (await virtual) };
    for (const [at, answer] of (await Promise.all(told)).entries()) {
      if (answer.kind === 'answered') {
        // A run is counted by its node, its calls by the threads.
        stopped = addStopped(stopped, { ...answer.value, runs: 0 });
      } else if (!isGone(answer, threads[at], system)) return { ok: false, error: answer.error };
    }
    return success(stopped);
  }

  async #openState(cluster: ClusterOptions) {
    const { system, ports, options } = this.#parts;
    const { replicas } = options.virtual ?? {};
    const { node, log } = system;
    const nats = await dialNats({ ...natsAccessOf(cluster), name: `${node}/control`, log });
    if (!nats.ok) return nats;
    const state = await openJetStreamState({
      ...{ nats: nats.value, timers: ports.timers, log, cluster: cluster.name, name: 'HALTS' },
      ...(replicas === undefined ? {} : { replicas }),
    });
    if (state.ok) this.#closeNats = nats.value.close;
    else await nats.value.close();
    return state;
  }
}

/** On a thread that is not there nothing runs; the next one reads the orders as it starts. */
const isGone = (answer: AskResult<unknown>, thread: string | undefined, system: ActorSystem) =>
  answer.kind === 'not-delivered' &&
  thread !== undefined &&
  !system.remote.threads.includes(thread as ThreadName);
