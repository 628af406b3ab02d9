/**
 * The actors of one thread and their way to those of other threads. It gathers the parts: where a message goes is
 * decided here, what happens to it in `cell.ts`, how it crosses in `remote.ts`.
 */
import {
  type Address,
  type Clock,
  type ExitReason,
  failure,
  isSafeName,
  LIMITS,
  type Log,
  MAIN_THREAD,
  type NodeId,
  type Ports,
  parseAddress,
  type Random,
  type Result,
  reasonOf,
  type SkeinError,
  SkeinException,
  skeinError,
  success,
  type ThreadName,
  type Timers,
  type TraceContext,
} from '../contracts/index.ts';
import type { Peer } from '../transport/index.ts';
import type { ActorDefinition, ChildExit, Handlers, ProtocolOf } from './actor.ts';
import type { AskOptions, Payload, SpawnOptions } from './actor-context.ts';
import { ActorRef, type Protocol } from './actor-ref.ts';
import {
  type AskResult,
  answered,
  notDelivered,
  PendingAsk,
  PendingAsks,
  type Settle,
  unknown,
} from './ask.ts';
import { Cell } from './cell.ts';
import { Cells } from './cells.ts';
import { FarChild, type ModuleOrigin, type Origin } from './children.ts';
import { Counters, type SystemCounts } from './counters.ts';
import { DeadLetters } from './dead-letters.ts';
import { Deadlines } from './deadlines.ts';
import { Dispatcher } from './dispatcher.ts';
import { Envelope, NO_DEADLINE } from './envelope.ts';
import { loadActor } from './load-actor.ts';
import { Passivation } from './passivation.ts';
import { Remote } from './remote.ts';
import { rootGuardian } from './root-guardian.ts';
import type { SendResult } from './send.ts';
import type { Signal } from './signal.ts';
import * as tracing from './tracing.ts';

export interface SystemOptions {
  readonly node: NodeId;
  readonly ports: Ports;
  readonly log: Log;
  /** Default `main`. */
  readonly thread?: ThreadName;
  /** Which life of the thread this is, from 0: refs to an earlier one are stale. */
  readonly epoch?: number;
}

/** Why the system ended: `shutdown` when it was asked to, otherwise what escalated to the root. */
export interface SystemEnd {
  readonly reason: ExitReason;
}

const ROOT = 'root';
const NO_OPTIONS: AskOptions & { readonly trace?: TraceContext } = {};

/** The resolve function of the promise that was made last: one executor for all asks, rather than a closure for each. */
let takenResolve: Settle = () => undefined;
const takeResolve = (resolve: (result: AskResult<never>) => void): void => {
  takenResolve = resolve as Settle;
};

const endingSpan =
  (span: Parameters<typeof tracing.endSpan>[0], clock: Clock, settled: Settle): Settle =>
  (result) => {
    tracing.endSpan(span, clock.wallMs(), result.kind === 'answered' ? undefined : result.error);
    settled(result);
  };

export class ActorSystem {
  readonly node: NodeId;
  readonly thread: ThreadName;
  readonly epoch: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly deadLetters = new DeadLetters();
  readonly counters = new Counters();
  readonly passivation: Passivation;
  /** Settles once, when every actor of this thread has ended. */
  readonly terminated: Promise<SystemEnd>;
  readonly cells = new Cells();
  readonly #asks: PendingAsks;
  readonly #remote: Remote;
  readonly #root: Cell;
  readonly #extensions = new Map<
    string,
    { readonly value: unknown; readonly close: () => Promise<void> }
  >();
  #lastIncarnation: number;
  #isStopping = false;
  #hasEnded = false;
  #end: (end: SystemEnd) => void = () => undefined;

  constructor(options: SystemOptions) {
    this.node = options.node;
    this.thread = options.thread ?? MAIN_THREAD;
    this.clock = options.ports.clock;
    this.timers = options.ports.timers;
    this.random = options.ports.random;
    this.log = options.log;
    this.epoch = options.epoch ?? 0;
    this.#lastIncarnation = this.epoch * 2 ** 32;
    this.#remote = new Remote(this);
    this.dispatcher = new Dispatcher(this.clock, this.timers, () => this.#remote.flush());
    this.#asks = new PendingAsks(new Deadlines(this.clock, this.timers));
    this.passivation = new Passivation(this.clock, this.timers);
    ({ promise: this.terminated, resolve: this.#end } = Promise.withResolvers<SystemEnd>());
    const root = new ActorRef(this.node, this.thread, ROOT, ++this.#lastIncarnation);
    this.#root = new Cell(this, root, undefined, rootGuardian, undefined);
    this.cells.add(this.#root);
    this.#root.start(rootGuardian);
  }

  // --- for everyone ----------------------------------------------------------------------------------------------

  /** Starts a top-level actor. @throws NAME_TAKEN, ARGUMENT_INVALID, SYSTEM_STOPPING as a `SkeinException`. */
  spawn<S, A, H extends Handlers<S>>(
    definition: ActorDefinition<S, A, H>,
    args: A,
    options: SpawnOptions = {},
  ): ActorRef<ProtocolOf<H>> {
    return this.spawnChild(this.#root, { kind: 'local', definition, args }, options.name);
  }

  tell<P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    ...payload: Payload<P[T]['payload']>
  ): SendResult;
  tell(ref: ActorRef, type: string, payload?: unknown): SendResult {
    if (this.#isStopping) {
      return { kind: 'refused', error: skeinError('SYSTEM_STOPPING', { thread: this.thread }) };
    }
    const result = this.deliver(
      new Envelope(ref, undefined, type, payload, undefined, NO_DEADLINE, undefined),
      undefined,
    );
    if (ref.thread !== this.thread || ref.node !== this.node) this.#remote.flushSoon();
    return result;
  }

  ask<P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    payload: P[T]['payload'],
    options?: AskOptions & { readonly trace?: TraceContext },
  ): Promise<AskResult<P[T]['reply']>> {
    if (this.#isStopping) {
      const error = skeinError('SYSTEM_STOPPING', { thread: this.thread });
      return Promise.resolve(notDelivered(error));
    }
    const { timeoutMs, trace } = options ?? NO_OPTIONS;
    const result = this.askFrom(ref, type, payload, timeoutMs, undefined, NO_DEADLINE, trace);
    if (ref.thread !== this.thread || ref.node !== this.node) this.#remote.flushSoon();
    return result;
  }

  /** A ref to whichever actor lives at `address` when a message arrives. */
  refAt(address: string): Result<ActorRef, 'ADDRESS_INVALID'> {
    const parsed = parseAddress(address);
    if (!parsed.ok) return parsed;
    const { node, thread, path }: Address = parsed.value;
    return success(new ActorRef(node, thread, path, 0));
  }

  /** Sends a dead letter again, to whoever lives at its address now. */
  resend(deadLetterId: number): SendResult | undefined {
    const dead = this.deadLetters.withdraw(deadLetterId);
    if (!dead) return undefined;
    const { node, thread, path } = dead.target;
    const target = new ActorRef(node, thread, path, 0);
    const { sender, type, payload, trace } = dead;
    return this.deliver(
      new Envelope(target, sender, type, payload, undefined, NO_DEADLINE, trace),
      undefined,
    );
  }

  /**
   * Ends every actor in order: youngest top-level actor first, each with its children before the next is told. Actors work
   * off their mailboxes for up to `drainMs`; what is left then goes to the dead letters.
   */
  async shutdown(options: { readonly drainMs: number }): Promise<SystemEnd> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#root.signal({ kind: 'stop', mode: 'drain', reason: { kind: 'shutdown' } });
      this.timers.after(options.drainMs, () => this.#killAll({ kind: 'shutdown' }));
    }
    return this.terminated;
  }

  /** One instance a system, made on first use and closed at the end: what actors of a thread share. */
  extension<T>(
    key: string,
    create: () => { readonly value: T; readonly close: () => Promise<void> },
  ): T {
    let found = this.#extensions.get(key);
    if (!found) {
      found = create();
      this.#extensions.set(key, found);
    }
    return found.value as T;
  }

  get actorCount(): number {
    return this.cells.size;
  }

  get pendingAsks(): number {
    return this.#asks.size;
  }

  counts(): SystemCounts {
    const { actorCount: actors, pendingAsks } = this;
    return { actors, pendingAsks, deadLetters: this.deadLetters.total, ...this.counters };
  }

  // --- threads ---------------------------------------------------------------------------------------------------

  get remote(): Remote {
    return this.#remote;
  }

  /** A thread is gone: its actors are reported to parents and watchers here, and asks that wait for it end `unknown`. */
  threadLost(
    thread: ThreadName,
    reason: ExitReason & { readonly kind: 'thread' },
    text: string,
  ): void {
    this.#remote.disconnect(thread, text);
    this.#tellLost(
      { node: this.node, thread },
      skeinError('THREAD_LOST', { thread, reason: text }),
      reason,
    );
  }

  /** A thread of another node cannot be reached by the link that was: what waits for it ends `unknown`. */
  peerLost(peer: Peer, why: string): void {
    const error = skeinError('PEER_LOST', { peer: `${peer.node}/${peer.thread}`, reason: why });
    this.#tellLost(peer, error, { kind: 'failed', error });
  }

  #tellLost({ node, thread }: Peer, error: SkeinError, reason: ExitReason): void {
    this.#asks.settleThread(node, thread, error);
    const signal = { kind: 'thread-lost', node, thread, reason } as const;
    for (const cell of this.cells.list()) cell.signal(signal);
  }

  /** Starts an actor for a parent on another thread. */
  spawnFor(parent: ActorRef, child: ActorRef, origin: ModuleOrigin): void {
    const taken = this.cells.find(child.path);
    if (taken && taken.lifecycle !== 'stopped') taken.kill({ kind: 'normal' });
    const cell = new Cell(this, child, parent, undefined, origin.args);
    this.cells.add(cell);
    cell.start(loadActor(origin.module));
  }

  get asks(): PendingAsks {
    return this.#asks;
  }

  // --- for cells and contexts ------------------------------------------------------------------------------------

  deliver(envelope: Envelope, sender: Cell | undefined): SendResult {
    const { target } = envelope;
    const known = target.cell;
    if (known !== undefined && known.system === this && known.lifecycle !== 'stopped')
      return known.deliver(envelope, sender);
    if (target.thread !== this.thread || target.node !== this.node) {
      return this.#remote.send(envelope);
    }
    const cell = this.#resolve(target);
    if (cell) return cell.deliver(envelope, sender);
    const error = this.#whyNobody(target);
    this.undelivered(envelope, error);
    return { kind: 'refused', error };
  }

  /** `notAfterMs`: the deadline of the message that is being handled, which no ask made for it outlives. */
  askFrom(
    ref: ActorRef,
    type: string,
    payload: unknown,
    timeoutMs: number | undefined,
    sender: ActorRef | undefined,
    notAfterMs: number | undefined,
    parent: TraceContext | undefined,
  ): Promise<AskResult<never>> {
    if (this.#asks.isFull) {
      const reason = `${LIMITS.pendingAsks} asks wait for answers on ${this.thread}`;
      return Promise.resolve(notDelivered(skeinError('OVERLOADED', { reason })));
    }
    const nowMs = this.clock.monotonicMs();
    const wantedMs = timeoutMs ?? LIMITS.askTimeoutMs;
    const lastMs = notAfterMs === undefined ? wantedMs : Math.min(wantedMs, notAfterMs - nowMs);
    const promise = new Promise<AskResult<never>>(takeResolve);
    let settled = takenResolve;
    let trace = parent;
    if (parent?.sampled) {
      const span = tracing.startAsk(parent, ref, type, this.clock.wallMs());
      trace = tracing.traceOf(span);
      settled = endingSpan(span, this.clock, settled);
    }
    const ask = this.#asks.open(ref, lastMs, nowMs, settled);
    this.deliver(new Envelope(ref, sender, type, payload, ask, nowMs + lastMs, trace), undefined);
    return promise;
  }

  answer({ asker, target, type }: Envelope, result: AskResult<unknown>): void {
    if (asker instanceof PendingAsk) this.#asks.settle(asker, result);
    else if (asker) this.#remote.answer(asker, result, target, type);
  }

  answerLater(envelope: Envelope, reply: Promise<unknown>): void {
    reply.then(
      (value) => {
        this.answer(envelope, answered(value));
        this.#remote.flushSoon();
      },
      (thrown) => {
        const facts = {
          actor: envelope.target.address,
          type: envelope.type,
          reason: reasonOf(thrown),
        };
        this.answer(envelope, unknown(skeinError('ACTOR_FAILED', facts)));
        this.#remote.flushSoon();
      },
    );
  }

  /** A message that nobody will run: its asker is told, or it becomes a dead letter. Never silent. */
  undelivered(envelope: Envelope, error: SkeinError): void {
    if (envelope.asker) return this.answer(envelope, notDelivered(error));
    const letter = this.deadLetters.record(envelope, error, this.clock.wallMs());
    this.log.debug('dead letter', { ...letter, reason: error.code });
  }

  signal(ref: ActorRef, signal: Signal): void {
    if (ref.thread !== this.thread || ref.node !== this.node)
      return this.#remote.signal(ref, signal);
    const cell = this.#resolve(ref);
    if (cell) return cell.signal(signal);
    if (signal.kind !== 'watch') return;
    const reason: ExitReason = { kind: 'failed', error: this.#whyNobody(ref) };
    this.signal(signal.watcher, { kind: 'terminated', ref, reason });
  }

  spawnChild(
    parent: Cell,
    origin: Origin,
    name?: string,
    thread: ThreadName | 'anywhere' = this.thread,
  ): ActorRef {
    if (this.#isStopping) throw refused('SYSTEM_STOPPING', { thread: this.thread });
    const chosen = thread === 'anywhere' ? this.#remote.nextThread() : thread;
    if (name !== undefined) this.#checkName(parent, name);
    const ref = new ActorRef(this.node, chosen, name, ++this.#lastIncarnation, parent.ref);
    if (chosen === this.thread) this.#startLocal(parent, ref, origin);
    else this.#startFar(parent, ref, origin);
    return ref;
  }

  /** Starts a child again whose thread was lost, as soon as the thread is back. */
  respawn(parent: Cell, child: FarChild): void {
    this.#remote.whenConnected(child.ref.thread, () => {
      if (!child.isLost || !parent.children.find(child.ref)) return;
      child.isLost = false;
      this.#remote.spawn(parent.ref, child.ref, child.origin);
    });
  }

  reportLostChild(parent: Cell, child: ActorRef): void {
    const exit: ChildExit = { child, reason: { kind: 'normal' }, escalated: false };
    parent.signal({ kind: 'child-stopped', exit });
  }

  forget(cell: Cell): void {
    this.cells.remove(cell);
    if (cell.definition?.passivateAfterIdleMs) this.passivation.remove(cell);
  }

  rootFailed(reason: ExitReason): void {
    this.#isStopping = true;
    this.#killAll(reason);
  }

  rootStopped(reason: ExitReason): void {
    void this.#finish(reason);
  }

  logExit(message: string, exit: ChildExit): void {
    const { kind } = exit.reason;
    const error = exit.reason.kind === 'failed' ? exit.reason.error : undefined;
    this.log.warn(message, { actor: exit.child.address, reason: kind, error });
  }

  // --- inside ----------------------------------------------------------------------------------------------------

  #startLocal(parent: Cell, ref: ActorRef, origin: Origin): void {
    const definition = origin.kind === 'local' ? origin.definition : undefined;
    const cell = new Cell(this, ref, parent.ref, definition, origin.args);
    ref.cell = cell;
    parent.children.add(cell);
    this.cells.add(cell);
    cell.start(origin.kind === 'local' ? origin.definition : loadActor(origin.module));
  }

  #startFar(parent: Cell, ref: ActorRef, origin: Origin): void {
    if (origin.kind !== 'module') {
      throw refused('ARGUMENT_INVALID', {
        argument: 'thread',
        found: ref.thread,
        expected: `${this.thread}: an actor on another thread is spawned by its module`,
      });
    }
    parent.publish();
    parent.children.add(new FarChild(ref, origin));
    this.#remote.spawn(parent.ref, ref, origin);
  }

  #checkName(parent: Cell, name: string): void {
    if (!isSafeName(name)) {
      const found = JSON.stringify(name).slice(0, 100);
      const expected = 'letters, digits, ".", "_", "-", 64 characters at most';
      throw refused('ARGUMENT_INVALID', { argument: 'name', found, expected });
    }
    if (parent.children.has(name)) {
      throw refused('NAME_TAKEN', { actor: `${parent.ref.address}/${name}` });
    }
  }

  #resolve(ref: ActorRef): Cell | undefined {
    const known = ref.cell;
    if (known?.system === this && known.lifecycle !== 'stopped') return known;
    const cell = this.cells.find(ref.path);
    if (!cell || (ref.incarnation !== 0 && cell.ref.incarnation !== ref.incarnation))
      return undefined;
    ref.cell = cell;
    return cell;
  }

  #whyNobody(ref: ActorRef): SkeinError {
    const current = this.cells.find(ref.path)?.ref.incarnation;
    if (current === undefined || ref.incarnation === 0) {
      return skeinError('ACTOR_NOT_FOUND', { actor: ref.address });
    }
    return skeinError('STALE_INCARNATION', { actor: ref.address, sent: ref.incarnation, current });
  }

  #killAll(reason: ExitReason): void {
    if (this.#hasEnded) return;
    const cells = [...this.cells.list()].reverse();
    for (const cell of cells) {
      if (cell !== this.#root) cell.kill(reason);
    }
    this.#root.kill(reason);
  }

  async #finish(reason: ExitReason): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isStopping = true;
    this.passivation.close();
    for (const { close } of [...this.#extensions.values()].reverse()) {
      await close().catch((thrown: unknown) =>
        this.log.error('an extension did not close', { reason: reasonOf(thrown) }),
      );
    }
    this.#asks.settleAll(skeinError('SYSTEM_STOPPING', { thread: this.thread }));
    this.#remote.flush();
    this.#remote.close();
    this.#end({ reason });
  }
}

const refused = (...args: Parameters<typeof failure>): SkeinException =>
  new SkeinException(failure(...args).error);
