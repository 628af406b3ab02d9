/**
 * One actor at work: its mailbox, its state, its place in the tree. The cell runs turns and walks the lifecycle table; what
 * a handler may do is in `actor-context.ts`, where a message goes is in `actor-system.ts`.
 */
import {
  assertNever,
  type ExitReason,
  failure,
  reasonOf,
  type SkeinError,
  skeinError,
  type TraceContext,
} from '../contracts/index.ts';
import { type AnyDefinition, type ChildExit, type Handler, Later } from './actor.ts';
import { ActorContext } from './actor-context.ts';
import type { ActorRef } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import { ActorTimers } from './actor-timers.ts';
import { answered, unknown } from './ask.ts';
import { Children } from './children.ts';
import { DeathWatch } from './death-watch.ts';
import type { Runnable } from './dispatcher.ts';
import { type Envelope, NO_ASK, NO_DEADLINE } from './envelope.ts';
import { type HandlerTable, handlerTables } from './handler-table.ts';
import { type LifecycleEvent, type LifecycleState, permits, transition } from './lifecycle.ts';
import { Mailbox } from './mailbox.ts';
import { RingQueue } from './ring-queue.ts';
import { ACCEPTED, type SendResult } from './send.ts';
import type { Signal, StopMode } from './signal.ts';
import { Stash } from './stash.ts';
import * as tracing from './tracing.ts';
import { exitOf, isThenable } from './turn-result.ts';

const NORMAL: ExitReason = { kind: 'normal' };

export class Cell implements Runnable {
  readonly system: ActorSystem;
  readonly ref: ActorRef;
  readonly parent: ActorRef | undefined;
  readonly children = new Children();
  readonly context: ActorContext;
  lifecycle: LifecycleState = 'starting';
  mailbox: Mailbox;
  definition: AnyDefinition | undefined;
  behaviour = 'receive';
  /** The message of the current turn and the trace that its sends belong to. */
  current: Envelope | undefined;
  trace: TraceContext | undefined;
  snapshot: unknown;
  lastActiveMs = 0;
  readonly #args: unknown;
  readonly #signals = new RingQueue<Signal>();
  readonly #watch = new DeathWatch();
  #handlers: HandlerTable | undefined;
  #state: unknown;
  #stash: Stash | undefined;
  #timers: ActorTimers | undefined;
  #isQueued = false;
  /** A turn waits for a promise; nothing else runs in this actor until it settles. */
  #isBusy = false;
  #hasState = false;
  /** The current message was stashed: it will be answered another time. */
  #isStashed = false;
  #blockedSends = 0;
  #exit: ExitReason = NORMAL;
  #stopMode: StopMode = 'now';
  #isEscalated = false;

  constructor(
    system: ActorSystem,
    ref: ActorRef,
    parent: ActorRef | undefined,
    definition: AnyDefinition | undefined,
    args: unknown,
  ) {
    this.system = system;
    this.ref = ref;
    this.parent = parent;
    this.definition = definition;
    this.#args = args;
    this.mailbox = new Mailbox(definition?.mailbox);
    this.context = new ActorContext(this);
  }

  deliver(envelope: Envelope, sender: Cell | undefined): SendResult {
    if (!this.#takesMessages()) {
      return this.#refuse(envelope, skeinError('ACTOR_STOPPED', { actor: this.ref.address }));
    }
    if (envelope.trace?.sampled) envelope.enqueuedAtMs = this.system.clock.wallMs();
    let resume: (() => void) | undefined;
    const offer = this.mailbox.offer(envelope, () => resume?.());
    this.#wake();
    if (offer.kind === 'accepted') return ACCEPTED;
    if (offer.kind === 'parked') {
      const admitted = new Promise<void>((resolve) => {
        resume = () => {
          sender?.unblock();
          resolve();
        };
      });
      sender?.block();
      return { kind: 'blocked', admitted };
    }
    const { capacity, overflow } = this.mailbox;
    this.system.counters.mailboxOverflows++;
    const error = skeinError('MAILBOX_FULL', {
      actor: this.ref.address,
      capacity,
      policy: overflow,
    });
    const refused = this.#refuse(offer.dropped, error);
    return offer.kind === 'refused' ? refused : ACCEPTED;
  }

  signal(signal: Signal): void {
    this.#signals.push(signal);
    this.#wake();
  }

  block(): void {
    this.#blockedSends++;
  }

  unblock(): void {
    this.#blockedSends--;
    this.#wake();
  }

  /** Begins the first life. The definition may still be on its way from its module. */
  start(definition: AnyDefinition | Promise<AnyDefinition>): void {
    if (definition instanceof Promise) {
      this.#isBusy = true;
      definition.then(
        (loaded) => this.#finishTurn(() => this.#begin(loaded)),
        (thrown) => this.#finishTurn(() => this.#spawnFailed(thrown)),
      );
    } else {
      this.#begin(definition);
    }
  }

  /** Ends everything at once, for a shutdown whose time is up. */
  kill(reason: ExitReason): void {
    if (this.lifecycle === 'stopped') return;
    this.#exit = reason;
    this.#timers?.cancelAll();
    this.lifecycle = 'stopped';
    this.#discardMessages();
    this.#tellOfEnd();
  }

  get timers(): ActorTimers {
    this.#timers ??= new ActorTimers(this.system.timers);
    return this.#timers;
  }

  become(behaviour: string): void {
    const table = handlerTables(this.definition as AnyDefinition)[behaviour];
    if (!table) throw new TypeError(`${this.definition?.kind} has no behaviour ${behaviour}`);
    this.#handlers = table;
    this.behaviour = behaviour;
  }

  stashCurrent(): void {
    if (!this.current) return;
    this.#stash ??= new Stash(this.ref);
    const error = this.#stash.push(this.current);
    if (error) this.system.undelivered(this.current, error);
    this.#isStashed = true;
  }

  unstashAll(): void {
    this.mailbox.putBack(this.#stash?.drain() ?? []);
    this.#wake();
  }

  watch(ref: ActorRef): void {
    this.#watch.begin(ref);
    this.system.signal(ref, { kind: 'watch', watcher: this.ref });
  }

  unwatch(ref: ActorRef): void {
    if (this.#watch.end(ref)) {
      this.system.signal(ref, { kind: 'unwatch', watcher: this.ref });
    }
  }

  escalate(reason: ExitReason): void {
    this.#isEscalated = true;
    this.#fail(reason);
  }

  get isIdle(): boolean {
    const quiet = !this.#isBusy && this.mailbox.length === 0 && this.#signals.length === 0;
    return quiet && this.lifecycle === 'running' && this.children.size === 0;
  }

  run(budget: number): boolean {
    this.#runSignals();
    if (this.lifecycle === 'passivated' && this.mailbox.length > 0) this.#awake();
    for (let left = budget; left > 0 && this.#canReceive(); left--) {
      const envelope = this.mailbox.take();
      if (envelope) this.#receive(envelope);
      if (this.#signals.length > 0) this.#runSignals();
    }
    if (this.lifecycle === 'draining' && this.mailbox.length === 0 && !this.#isBusy)
      this.#endLife();
    this.#isQueued = this.#hasWork();
    return this.#isQueued;
  }

  #wake(): void {
    if (this.#isQueued || !this.#hasWork()) return;
    this.#isQueued = true;
    this.system.dispatcher.schedule(this);
  }

  #hasWork(): boolean {
    if (this.#isBusy) return false;
    if (this.#signals.length > 0) return true;
    if (this.mailbox.length === 0) return this.lifecycle === 'draining';
    return this.lifecycle === 'passivated' || this.#canReceive();
  }

  #canReceive(): boolean {
    const state = this.lifecycle;
    if (state !== 'running' && state !== 'draining') return false;
    return !this.#isBusy && this.mailbox.length > 0 && this.#blockedSends === 0;
  }

  #takesMessages(): boolean {
    const state = this.lifecycle;
    return state !== 'stopped' && state !== 'stopping' && state !== 'draining';
  }

  #receive(envelope: Envelope): void {
    if (envelope.deadlineMs !== NO_DEADLINE && this.#isExpired(envelope)) return;
    const handler = this.#handlers?.[envelope.type];
    if (!handler) return this.#unhandled(envelope);
    this.current = envelope;
    this.#isStashed = false;
    if (envelope.trace?.sampled) this.#tracedTurn(envelope, handler);
    else this.#plainTurn(envelope, handler);
  }

  #plainTurn(envelope: Envelope, handler: Handler<unknown>): void {
    this.trace = envelope.trace;
    try {
      const result = handler(this.#state, envelope.payload, this.context);
      if (isThenable(result)) this.#await(envelope, result);
      else this.#complete(envelope, result);
    } catch (thrown) {
      this.#threw(envelope, thrown);
    }
  }

  #tracedTurn(envelope: Envelope, handler: Handler<unknown>): void {
    const parent = envelope.trace as TraceContext;
    const startMs = this.system.clock.wallMs();
    tracing.recordWait(envelope, parent, startMs);
    const span = tracing.startTurn(parent, this.definition?.kind ?? '', envelope, startMs);
    const end = (error?: SkeinError) => tracing.endSpan(span, this.system.clock.wallMs(), error);
    this.trace = tracing.traceOf(span);
    try {
      const result = handler(this.#state, envelope.payload, this.context);
      if (isThenable(result)) return this.#await(envelope, result, end);
      this.#complete(envelope, result);
      end();
    } catch (thrown) {
      this.#threw(envelope, thrown, end);
    }
  }

  #await(
    envelope: Envelope,
    result: PromiseLike<unknown>,
    end?: (error?: SkeinError) => void,
  ): void {
    this.#isBusy = true;
    result.then(
      (value) =>
        this.#finishTurn(() => {
          this.#complete(envelope, value);
          end?.();
        }),
      (thrown) => this.#finishTurn(() => this.#threw(envelope, thrown, end)),
    );
  }

  #finishTurn(finish: () => void): void {
    this.#isBusy = false;
    if (this.lifecycle === 'stopped') return;
    finish();
    this.#wake();
  }

  #complete(envelope: Envelope, result: unknown): void {
    this.#endTurn();
    if (envelope.askId === NO_ASK || this.#isStashed || result instanceof Later) return;
    this.system.answer(envelope, answered(result));
  }

  #threw(envelope: Envelope, thrown: unknown, end?: (error: SkeinError) => void): void {
    this.#endTurn();
    const reason = reasonOf(thrown);
    const facts = { actor: this.ref.address, type: envelope.type, reason };
    const error = skeinError('ACTOR_FAILED', facts);
    end?.(error);
    if (envelope.askId !== NO_ASK) this.system.answer(envelope, unknown(error));
    this.#fail(exitOf(thrown, error));
  }

  #endTurn(): void {
    this.current = undefined;
    this.trace = undefined;
    this.lastActiveMs = this.definition?.passivateAfterIdleMs ? this.system.clock.monotonicMs() : 0;
  }

  #isExpired(envelope: Envelope): boolean {
    const lateMs = this.system.clock.monotonicMs() - envelope.deadlineMs;
    if (lateMs < 0) return false;
    const error = skeinError('DEADLINE_EXPIRED', { actor: this.ref.address, lateMs });
    this.system.undelivered(envelope, error);
    return true;
  }

  #unhandled(envelope: Envelope): void {
    const facts = { actor: this.ref.address, type: envelope.type, behaviour: this.behaviour };
    this.system.undelivered(envelope, skeinError('MESSAGE_UNHANDLED', facts));
  }

  #refuse(envelope: Envelope, error: SkeinError): SendResult {
    this.system.undelivered(envelope, error);
    return { kind: 'refused', error };
  }

  #begin(definition: AnyDefinition): void {
    if (this.definition !== definition) {
      this.definition = definition;
      const waiting = this.mailbox.drain();
      this.mailbox = new Mailbox(definition.mailbox);
      this.mailbox.putBack(waiting);
    }
    this.become('receive');
    if (this.lifecycle !== 'starting') return;
    try {
      const state = definition.initial(this.#args, this.context);
      if (isThenable(state)) {
        this.#isBusy = true;
        state.then(
          (made) => this.#finishTurn(() => this.#started(made)),
          (thrown) => this.#finishTurn(() => this.#spawnFailed(thrown)),
        );
      } else {
        this.#started(state);
      }
    } catch (thrown) {
      this.#spawnFailed(thrown);
    }
  }

  #started(state: unknown): void {
    this.#state = state;
    this.#hasState = true;
    this.#move('started');
    if (this.definition?.passivateAfterIdleMs) this.system.passivation.add(this);
    this.lastActiveMs = this.system.clock.monotonicMs();
    this.#wake();
  }

  #awake(): void {
    this.#move('wake');
    this.#begin(this.definition as AnyDefinition);
  }

  #spawnFailed(thrown: unknown): void {
    const { error } = failure('SPAWN_FAILED', {
      actor: this.ref.address,
      reason: reasonOf(thrown),
    });
    this.#fail(exitOf(thrown, error));
  }

  #fail(reason: ExitReason): void {
    if (!permits(this.lifecycle, 'failed')) return;
    this.#exit = reason;
    this.#move('failed');
    if (this.lifecycle === 'stopping') return this.#endLife();
    const exit: ChildExit = { child: this.ref, reason, escalated: this.#isEscalated };
    this.#isEscalated = false;
    if (this.parent) this.system.signal(this.parent, { kind: 'child-failed', exit });
    else this.system.rootFailed(reason);
  }

  #restart(reason: ExitReason): void {
    if (!permits(this.lifecycle, 'restart')) return;
    this.#move('restart');
    this.#hasState = false;
    this.#hook(() => this.definition?.signals?.restarting?.(this.#state, reason, this.context));
    this.#timers?.cancelAll();
    this.unstashAll();
    this.#stopNextChild();
  }

  /** An actor that failed before it had a state has nothing to resume with: it starts anew. */
  #resume(): void {
    if (!permits(this.lifecycle, 'resume')) return;
    if (this.#hasState) this.#move('resume');
    else this.#restart(this.#exit);
  }

  #stop(mode: StopMode, reason: ExitReason): void {
    this.#stopMode = mode;
    this.#exit = reason;
    if (mode === 'drain' && permits(this.lifecycle, 'drain')) this.#move('drain');
    else this.#endLife();
  }

  #endLife(): void {
    if (this.lifecycle !== 'stopping') {
      if (!permits(this.lifecycle, 'stop')) return;
      this.#move('stop');
    }
    this.#timers?.cancelAll();
    this.#stopNextChild();
  }

  /** Children end in the reverse order of their start, each before the next is told; then this actor goes on. */
  #stopNextChild(): void {
    if (this.children.size > 0) {
      const next = this.children.nextToStop();
      if (!next) return;
      const reason: ExitReason = this.lifecycle === 'stopping' ? this.#exit : NORMAL;
      if (next.isLost) return this.#childGone(next.ref);
      this.system.signal(next.ref, { kind: 'stop', mode: this.#stopMode, reason });
    } else if (this.lifecycle === 'restarting') {
      this.#move('children-stopped');
      this.#begin(this.definition as AnyDefinition);
    } else if (this.lifecycle === 'stopping') {
      this.#runStoppedHook();
    }
  }

  #childGone(ref: ActorRef): void {
    this.children.remove(ref);
    this.#stopNextChild();
  }

  #runStoppedHook(): void {
    const ended = this.#hook(() =>
      this.definition?.signals?.stopped?.(this.#state, this.#exit, this.context),
    );
    if (!isThenable(ended)) return this.#ended();
    this.#isBusy = true;
    const finish = () => this.#finishTurn(() => this.#ended());
    ended.then(finish, finish);
  }

  #ended(): void {
    this.#move('ended');
    this.#discardMessages();
    this.#tellOfEnd();
  }

  #tellOfEnd(): void {
    this.system.forget(this);
    for (const watcher of this.#watch.watchers()) {
      this.system.signal(watcher, { kind: 'terminated', ref: this.ref, reason: this.#exit });
    }
    const exit: ChildExit = { child: this.ref, reason: this.#exit, escalated: false };
    if (this.parent) this.system.signal(this.parent, { kind: 'child-stopped', exit });
    else this.system.rootStopped(this.#exit);
  }

  #discardMessages(): void {
    const error = skeinError('ACTOR_STOPPED', { actor: this.ref.address });
    const stashed = this.#stash?.drain() ?? [];
    for (const envelope of [...stashed, ...this.mailbox.drain()]) {
      this.system.undelivered(envelope, error);
    }
  }

  #passivate(): void {
    if (!this.isIdle) return;
    this.snapshot = this.#hook(() =>
      this.definition?.signals?.passivated?.(this.#state, this.context),
    );
    this.#timers?.cancelAll();
    this.#state = undefined;
    this.#move('passivate');
  }

  #move(event: LifecycleEvent): void {
    this.lifecycle = transition(this.lifecycle, event);
  }

  #runSignals(): void {
    while (!this.#isBusy && this.#signals.length > 0) {
      this.#handleSignal(this.#signals.shift() as Signal);
    }
  }

  #handleSignal(signal: Signal): void {
    if (this.lifecycle === 'stopped') return this.#signalAfterEnd(signal);
    switch (signal.kind) {
      case 'stop':
        return this.#stop(signal.mode, signal.reason);
      case 'restart':
        return this.#restart(signal.reason);
      case 'resume':
        return this.#resume();
      case 'passivate':
        return this.#passivate();
      case 'watch':
        this.#watch.add(signal.watcher);
        return;
      case 'unwatch':
        this.#watch.remove(signal.watcher);
        return;
      case 'terminated':
        return this.#onTerminated(signal.ref, signal.reason);
      case 'child-failed':
        return this.#onChildFailed(signal.exit);
      case 'child-stopped':
        return this.#onChildStopped(signal.exit);
      case 'thread-lost':
        return this.#onThreadLost(signal.thread, signal.reason);
      default:
        assertNever(signal, 'signal');
    }
  }

  #signalAfterEnd(signal: Signal): void {
    if (signal.kind === 'watch') {
      this.system.signal(signal.watcher, { kind: 'terminated', ref: this.ref, reason: this.#exit });
    }
  }

  #onTerminated(ref: ActorRef, reason: ExitReason): void {
    if (!this.#watch.end(ref)) return;
    this.#react(() =>
      this.definition?.signals?.terminated?.(this.#state, { ref, reason }, this.context),
    );
  }

  #onChildFailed(exit: ChildExit): void {
    const child = this.children.find(exit.child);
    if (!child || this.lifecycle === 'stopping' || this.lifecycle === 'restarting') return;
    this.system.counters.failed(exit.reason);
    const decide = this.definition?.signals?.childFailed;
    if (decide) return this.#react(() => decide(this.#state, exit, this.context));
    this.system.logExit('a child failed and is stopped: its parent has no strategy', exit);
    this.context.stop(child.ref);
  }

  #onChildStopped(exit: ChildExit): void {
    if (!this.children.find(exit.child)) return;
    if (this.lifecycle === 'stopping' || this.lifecycle === 'restarting') {
      return this.#childGone(exit.child);
    }
    this.children.remove(exit.child);
    this.#react(() => this.definition?.signals?.childStopped?.(this.#state, exit, this.context));
  }

  #onThreadLost(thread: string, reason: ExitReason): void {
    for (const ref of this.#watch.watchedOn(thread)) this.#onTerminated(ref, reason);
    for (const child of this.children.list()) {
      if (child.ref.thread !== thread) continue;
      child.isLost = true;
      const exit: ChildExit = { child: child.ref, reason, escalated: false };
      if (this.lifecycle === 'stopping' || this.lifecycle === 'restarting')
        this.#onChildStopped(exit);
      else this.#onChildFailed(exit);
    }
    if (this.parent?.thread === thread) this.#stop('now', reason);
  }

  /** Runs a signal handler; a throw in one fails the actor like a throw in any turn. */
  #react(handle: () => void): void {
    try {
      handle();
    } catch (thrown) {
      const facts = { actor: this.ref.address, type: 'a signal', reason: reasonOf(thrown) };
      this.#fail(exitOf(thrown, skeinError('ACTOR_FAILED', facts)));
    }
  }

  /** Runs a hook of an ending life: a throw is logged, since nobody is left to restart. */
  #hook<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (thrown) {
      const fields = { actor: this.ref.address, reason: reasonOf(thrown) };
      this.system.log.error('a lifecycle hook threw', fields);
      return undefined;
    }
  }
}
