/**
 * What a handler can do: send, spawn, watch, change behaviour. One context an actor; it speaks for the current turn, so
 * what it sends carries the turn's deadline and correlation ID. Work that goes on after the turn takes `ctx.detached()`.
 */
import {
  type Clock,
  type CorrelationId,
  type ExitReason,
  type Log,
  newCorrelationId,
  type Random,
  type ThreadName,
  type TraceContext,
} from '../contracts/index.ts';
import { type ActorDefinition, type Handlers, Later, type ProtocolOf } from './actor.ts';
import type { ActorRef, Protocol } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import type { AskResult } from './ask.ts';
import type { Cell } from './cell.ts';
import { type ActorModule, FarChild } from './children.ts';
import { correlated } from './correlated-log.ts';
import { Envelope, NO_DEADLINE } from './envelope.ts';
import type { SendResult } from './send.ts';

/** A handler without payload is sent to without one; behind a ref of unknown protocol anything goes. */
export type Payload<T> = 0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: unknown protocol
    [payload?: any]
  : [T] extends [void]
    ? [payload?: undefined]
    : [payload: T];

export interface AskOptions {
  /** Default LIMITS.askTimeoutMs; never longer than what is left of the message that is being handled. */
  readonly timeoutMs?: number;
}

export interface SpawnOptions {
  /** Unique among the siblings; made up when left out. */
  readonly name?: string;
}

export interface SpawnOnOptions extends SpawnOptions {
  /** A thread by name, or `anywhere` for the next in turn. */
  readonly thread: ThreadName | 'anywhere';
}

/** The sending half of a context, with the trace and deadline of the turn it was taken in. Outlives the turn. */
export interface Detached {
  readonly trace: TraceContext | undefined;
  readonly tell: <P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    ...payload: Payload<P[T]['payload']>
  ) => SendResult;
  readonly ask: <P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    payload: P[T]['payload'],
    options?: AskOptions,
  ) => Promise<AskResult<P[T]['reply']>>;
}

export class ActorContext {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get self(): ActorRef {
    return this.#cell.ref;
  }

  /** Who sent the current message, when an actor did. */
  get sender(): ActorRef | undefined {
    return this.#cell.current?.sender;
  }

  get system(): ActorSystem {
    return this.#cell.system;
  }

  get clock(): Clock {
    return this.#cell.system.clock;
  }

  get random(): Random {
    return this.#cell.system.random;
  }

  /** In the turn of a message that has a trace, every line carries its correlation ID. */
  get log(): Log {
    const { trace, system } = this.#cell;
    return trace ? correlated(system.log, trace.correlationId) : system.log;
  }

  get trace(): TraceContext | undefined {
    return this.#cell.trace;
  }

  /** The ID that follows the request. A message from outside that brought none gets one at the first look. */
  get correlationId(): CorrelationId {
    const cell = this.#cell;
    cell.trace ??= {
      correlationId: newCorrelationId(this.random),
      spanId: '0000000000000001',
      sampled: false,
    };
    return cell.trace.correlationId;
  }

  /** What `signals.passivated` returned, when this start is a waking. */
  get snapshot(): unknown {
    return this.#cell.snapshot;
  }

  get children(): readonly ActorRef[] {
    return this.#cell.children.list().map((child) => child.ref);
  }

  // --- sending

  tell<P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    ...payload: Payload<P[T]['payload']>
  ): SendResult;
  tell(ref: ActorRef, type: string, payload?: unknown): SendResult {
    const cell = this.#cell;
    const { ref: self, trace } = cell;
    return cell.system.deliver(
      new Envelope(ref, self, type, payload, undefined, NO_DEADLINE, trace),
      cell,
    );
  }

  ask<P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    payload: P[T]['payload'],
    options?: AskOptions,
  ): Promise<AskResult<P[T]['reply']>> {
    const { system, ref: sender, trace, current } = this.#cell;
    const timeoutMs = options?.timeoutMs;
    return system.askFrom(ref, type, payload, timeoutMs, sender, current?.deadlineMs, trace);
  }

  /** Hands the current message's ask on: the other actor answers the asker. */
  forward<P extends Protocol, T extends keyof P & string>(
    ref: ActorRef<P>,
    type: T,
    ...[payload]: Payload<P[T]['payload']>
  ): Later<P[T]['reply']> {
    const { current, system, trace } = this.#cell;
    const { sender, asker, deadlineMs } = current ?? {};
    system.deliver(new Envelope(ref, sender, type, payload, asker, deadlineMs, trace), this.#cell);
    return new Later();
  }

  /** Ends the turn now and answers the ask when `reply` settles; a rejection answers `unknown`. Never rejects itself. */
  replyLater<R>(reply: Promise<R>): Later<R> {
    const { current, system } = this.#cell;
    if (current) system.answerLater(current, reply);
    return new Later();
  }

  /** Sends what `promise` gives to this actor as a message of `type`; a rejection comes as `failed` with the reason. */
  pipeToSelf<T>(promise: Promise<T>, type: string, map: (value: T) => unknown = (v) => v): void {
    const { tell } = this.detached();
    const { ref, system } = this.#cell;
    promise.then(
      (value) => tell(ref, type, map(value)),
      (thrown) =>
        system.log.error('a piped promise was rejected', {
          actor: ref.address,
          thrown: String(thrown),
        }),
    );
  }

  detached(): Detached {
    const { system, ref: sender, trace, current } = this.#cell;
    const notAfterMs = current?.deadlineMs;
    return {
      trace,
      tell: (ref, type, ...[payload]) =>
        system.deliver(
          new Envelope(ref, sender, type, payload, undefined, NO_DEADLINE, trace),
          undefined,
        ),
      ask: (ref, type, payload, options) =>
        system.askFrom(ref, type, payload, options?.timeoutMs, sender, notAfterMs, trace),
    };
  }

  // --- the tree

  /** @throws NAME_TAKEN or ARGUMENT_INVALID (a name that is no safe name), as a `SkeinException`. */
  spawn<S, A, H extends Handlers<S>>(
    definition: ActorDefinition<S, A, H>,
    args: A,
    options: SpawnOptions = {},
  ): ActorRef<ProtocolOf<H>> {
    return this.system.spawnChild(this.#cell, { kind: 'local', definition, args }, options.name);
  }

  /**
   * Starts an actor on another thread, which loads its module by URL. The ref is good at once: what is sent meanwhile waits
   * for the start. A start that fails comes back as `childFailed`.
   */
  spawnOn<P extends Protocol>(
    module: ActorModule,
    args: unknown,
    options: SpawnOnOptions,
  ): ActorRef<P> {
    const origin = { kind: 'module', module, args } as const;
    return this.system.spawnChild(this.#cell, origin, options.name, options.thread);
  }

  /** Stops a child, or this actor itself. `drain` lets it work off its mailbox first. */
  stop(ref: ActorRef = this.self, mode: 'now' | 'drain' = 'now'): void {
    const child = this.#cell.childAt(ref);
    const reason: ExitReason = { kind: 'normal' };
    if (child?.isLost) this.system.reportLostChild(this.#cell, child.ref);
    else this.system.signal(ref, { kind: 'stop', mode, reason });
  }

  restartChild(ref: ActorRef, reason: ExitReason = { kind: 'normal' }): void {
    const child = this.#cell.childAt(ref);
    // It failed as well, and is started anew for another reason: that failure needs no judgement any more.
    this.#cell.retract(
      (signal) =>
        signal.kind === 'child-failed' && signal.exit.child.incarnation === ref.incarnation,
    );
    if (child instanceof FarChild && child.isLost) this.system.respawn(this.#cell, child);
    else if (child) this.system.signal(ref, { kind: 'restart', reason });
  }

  resumeChild(ref: ActorRef): void {
    if (this.#cell.childAt(ref)) this.system.signal(ref, { kind: 'resume' });
  }

  /** Fails this actor for a reason it cannot handle: its own parent decides. At the root it ends the node. */
  escalate(reason: ExitReason): void {
    this.#cell.escalate(reason);
  }

  /** Asks to be told, by the signal `terminated`, when `ref` ends. Holds across restarts of either. */
  watch(ref: ActorRef): void {
    this.#cell.watch(ref);
  }

  unwatch(ref: ActorRef): void {
    this.#cell.unwatch(ref);
  }

  // --- behaviour, stash, timers

  become(behaviour: string): void {
    this.#cell.become(behaviour);
  }

  /** Puts the current message aside; an ask stays open. `unstashAll` puts all of them back in front, in order. */
  stash(): void {
    this.#cell.stashCurrent();
  }

  unstashAll(): void {
    this.#cell.unstashAll();
  }

  /** Sends a message to this actor after `delayMs`; it carries the trace of this turn. */
  after(name: string, delayMs: number, type: string, payload?: unknown): void {
    const { tell } = this.detached();
    this.#cell.timers.once(name, delayMs, () => tell(this.self, type, payload));
  }

  every(name: string, periodMs: number, type: string, payload?: unknown): void {
    const { tell } = this.detached();
    this.#cell.timers.every(name, periodMs, () => tell(this.self, type, payload));
  }

  cancelTimer(name: string): void {
    this.#cell.timers.cancel(name);
  }
}
