/**
 * One actor at work: its state and its place in the tree. The cell runs turns and walks the lifecycle table; when it runs is
 * in `turns.ts`, what a handler may do in `actor-context.ts`, where a message goes in `actor-system.ts`.
 */
import {
  assertNever,
  type ExitReason,
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
import { type Child, Children } from './children.ts';
import { DeathWatch } from './death-watch.ts';
import { type Envelope, NO_DEADLINE } from './envelope.ts';
import { type HandlerTable, handlerTables } from './handler-table.ts';
import { permits } from './lifecycle.ts';
import { Mailbox } from './mailbox.ts';
import { isExpired, overflow, refuseStopped, refuseUnhandled } from './refusals.ts';
import { ACCEPTED, type SendResult } from './send.ts';
import type { Signal, StopMode } from './signal.ts';
import { Stash } from './stash.ts';
import * as tracing from './tracing.ts';
import { exitOf, isThenable } from './turn-result.ts';
import { Turns } from './turns.ts';

const NORMAL: ExitReason = { kind: 'normal' };

export class Cell extends Turns {
  readonly system: ActorSystem;
  readonly ref: ActorRef;
  readonly parent: ActorRef | undefined;
  readonly context: ActorContext;
  /** A cell is on this thread, and is never lost alone. */
  isLost = false;
  /** Its address is known on other threads, or by name. */
  isPublished = false;
  mailbox: Mailbox;
  definition: AnyDefinition | undefined;
  behaviour = 'receive';
  /** The message of the current turn and the trace that its sends belong to. */
  current: Envelope | undefined;
  trace: TraceContext | undefined;
  snapshot: unknown;
  lastActiveMs = 0;
  readonly #args: unknown;
  #children: Children | undefined;
  #watch: DeathWatch | undefined;
  #handlers: HandlerTable | undefined;
  #state: unknown;
  #stash: Stash | undefined;
  #timers: ActorTimers | undefined;
  #hasState = false;
  /** The current message was stashed: it will be answered another time. */
  #isStashed = false;
  #exit: ExitReason = NORMAL;
  #stopMode: StopMode = 'now';
  #isEscalated = false;
  #canPassivate = false;

  constructor(
    system: ActorSystem,
    ref: ActorRef,
    parent: ActorRef | undefined,
    definition: AnyDefinition | undefined,
    args: unknown,
  ) {
    super(system.dispatcher);
    this.system = system;
    this.ref = ref;
    this.parent = parent;
    this.definition = definition;
    this.#args = args;
    this.mailbox = new Mailbox(definition?.mailbox);
    this.context = new ActorContext(this);
  }

  deliver(envelope: Envelope, sender: Cell | undefined): SendResult {
    if (!this.isPlain && !this.takesMessages()) return refuseStopped(this, envelope);
    if (envelope.trace?.sampled) envelope.enqueuedAtMs = this.system.clock.wallMs();
    if (!this.mailbox.offer(envelope)) return overflow(this, envelope, sender);
    if (!this.isReady) this.wake();
    return ACCEPTED;
  }

  get children(): Children {
    this.#children ??= new Children();
    return this.#children;
  }

  childAt(ref: ActorRef): Child | undefined {
    return this.#children?.find(ref);
  }

  localChildren(): readonly Cell[] {
    const all = this.#children?.list() ?? [];
    return all.filter((child): child is Cell => child instanceof Cell);
  }

  publish(): void {
    if (!this.isPublished) this.system.cells.publish(this);
  }

  /** Begins the first life. The definition may still be on its way from its module. */
  start(definition: AnyDefinition | Promise<AnyDefinition>): void {
    if (definition instanceof Promise) {
      this.hold();
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
    this.moveToStopped();
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
    this.wake();
  }

  watch(ref: ActorRef): void {
    this.#watch ??= new DeathWatch();
    this.#watch.begin(ref);
    this.system.signal(ref, { kind: 'watch', watcher: this.ref });
  }

  unwatch(ref: ActorRef): void {
    if (this.#watch?.end(ref)) {
      this.system.signal(ref, { kind: 'unwatch', watcher: this.ref });
    }
  }

  escalate(reason: ExitReason): void {
    this.#isEscalated = true;
    this.#fail(reason);
  }

  get isIdle(): boolean {
    const quiet = !this.isBusy && this.mailbox.length === 0 && !this.hasSignals;
    return quiet && this.lifecycle === 'running' && (this.#children?.size ?? 0) === 0;
  }

  protected receive(envelope: Envelope): void {
    const { deadlineMs } = envelope;
    if (deadlineMs !== NO_DEADLINE && isExpired(this, envelope, deadlineMs)) return;
    const handler = this.#handlers?.[envelope.type];
    if (!handler) return refuseUnhandled(this, envelope);
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
    this.hold();
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
    this.release();
    if (this.lifecycle === 'stopped') return;
    finish();
    this.wake();
  }

  #complete(envelope: Envelope, result: unknown): void {
    this.#endTurn();
    if (envelope.asker === undefined || this.#isStashed || result instanceof Later) return;
    this.system.answer(envelope, answered(result));
  }

  #threw(envelope: Envelope, thrown: unknown, end?: (error: SkeinError) => void): void {
    this.#endTurn();
    const reason = reasonOf(thrown);
    const facts = { actor: this.ref.address, type: envelope.type, reason };
    const error = skeinError('ACTOR_FAILED', facts);
    end?.(error);
    if (envelope.asker !== undefined) this.system.answer(envelope, unknown(error));
    this.#fail(exitOf(thrown, error));
  }

  #endTurn(): void {
    this.current = undefined;
    this.trace = undefined;
    if (this.#canPassivate) this.lastActiveMs = this.system.clock.monotonicMs();
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
        this.hold();
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
    this.move('started');
    this.#canPassivate = this.definition?.passivateAfterIdleMs !== undefined;
    if (this.#canPassivate) this.system.passivation.add(this);
    this.lastActiveMs = this.system.clock.monotonicMs();
    this.wake();
  }

  protected awake(): void {
    this.move('wake');
    this.#begin(this.definition as AnyDefinition);
  }

  #spawnFailed(thrown: unknown): void {
    const facts = { actor: this.ref.address, reason: reasonOf(thrown) };
    this.#fail(exitOf(thrown, skeinError('SPAWN_FAILED', facts)));
  }

  #fail(reason: ExitReason): void {
    if (!permits(this.lifecycle, 'failed')) return;
    this.#exit = reason;
    this.move('failed');
    if (this.lifecycle === 'stopping') return this.#endLife();
    const exit: ChildExit = { child: this.ref, reason, escalated: this.#isEscalated };
    this.#isEscalated = false;
    if (this.parent) this.system.signal(this.parent, { kind: 'child-failed', exit });
    else this.system.rootFailed(reason);
  }

  #restart(reason: ExitReason): void {
    if (!permits(this.lifecycle, 'restart')) return;
    this.move('restart');
    this.#children?.takeHeld();
    this.#hasState = false;
    this.#hook(() => this.definition?.signals?.restarting?.(this.#state, reason, this.context));
    this.#timers?.cancelAll();
    this.unstashAll();
    this.#stopNextChild();
  }

  /** An actor that failed before it had a state has nothing to resume with: it starts anew. */
  #resume(): void {
    if (!permits(this.lifecycle, 'resume')) return;
    if (!this.#hasState) return this.#restart(this.#exit);
    this.move('resume');
    // What it passed up was judged with it; what came since was not.
    const [judged, ...unjudged] = this.#children?.takeHeld() ?? [];
    if (judged) this.system.signal(judged.child, { kind: 'resume' });
    for (const exit of unjudged) this.signal({ kind: 'child-failed', exit });
  }

  #stop(mode: StopMode, reason: ExitReason): void {
    this.#stopMode = mode;
    this.#exit = reason;
    if (mode === 'drain' && permits(this.lifecycle, 'drain')) this.move('drain');
    else this.#endLife();
  }

  protected drained(): void {
    this.#endLife();
  }

  #endLife(): void {
    if (this.lifecycle !== 'stopping') {
      if (!permits(this.lifecycle, 'stop')) return;
      this.move('stop');
    }
    this.#timers?.cancelAll();
    this.#stopNextChild();
  }

  /** Children end in the reverse order of their start, each before the next is told; then this actor goes on. */
  #stopNextChild(): void {
    if (this.#children !== undefined && this.#children.size > 0) {
      const next = this.#children.nextToStop();
      if (!next) return;
      const reason: ExitReason = this.lifecycle === 'stopping' ? this.#exit : NORMAL;
      if (next.isLost) return this.#childGone(next);
      this.system.signal(next.ref, { kind: 'stop', mode: this.#stopMode, reason });
    } else if (this.lifecycle === 'restarting') {
      this.move('children-stopped');
      this.#begin(this.definition as AnyDefinition);
    } else if (this.lifecycle === 'stopping') {
      this.#runStoppedHook();
    }
  }

  #childGone(child: Child): void {
    this.#children?.remove(child);
    this.#stopNextChild();
  }

  #runStoppedHook(): void {
    const stopped = this.definition?.signals?.stopped;
    if (!stopped) return this.#ended();
    const ended = this.#hook(() => stopped(this.#state, this.#exit, this.context));
    if (!isThenable(ended)) return this.#ended();
    this.hold();
    const finish = () => this.#finishTurn(() => this.#ended());
    ended.then(finish, finish);
  }

  #ended(): void {
    this.move('ended');
    this.#discardMessages();
    this.#tellOfEnd();
  }

  #tellOfEnd(): void {
    this.system.forget(this);
    for (const watcher of this.#watch?.watchers() ?? []) {
      this.system.signal(watcher, { kind: 'terminated', ref: this.ref, reason: this.#exit });
    }
    const exit: ChildExit = { child: this.ref, reason: this.#exit, escalated: false };
    if (this.parent) this.system.signal(this.parent, { kind: 'child-stopped', exit });
    else this.system.rootStopped(this.#exit);
  }

  #discardMessages(): void {
    if (this.mailbox.isEmpty && !this.#stash) return;
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
    this.move('passivate');
  }

  protected handleSignal(signal: Signal): void {
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
        this.#watch ??= new DeathWatch();
        this.#watch.add(signal.watcher);
        return;
      case 'unwatch':
        this.#watch?.remove(signal.watcher);
        return;
      case 'terminated':
        return this.#onTerminated(signal.ref, signal.reason);
      case 'child-failed':
        return this.#onChildFailed(signal.exit);
      case 'child-stopped':
        return this.#onChildStopped(signal.exit);
      case 'thread-lost':
        return this.#onThreadLost(signal);
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
    if (!this.#watch?.end(ref)) return;
    this.#react(() =>
      this.definition?.signals?.terminated?.(this.#state, { ref, reason }, this.context),
    );
  }

  #onChildFailed(exit: ChildExit): void {
    const child = this.childAt(exit.child);
    if (!child || this.isGoing) return;
    if (this.lifecycle === 'suspended') return this.#children?.hold(exit);
    this.system.counters.failed(exit.reason);
    const decide = this.definition?.signals?.childFailed;
    if (!decide) {
      this.system.logExit('a child failed and is stopped: its parent has no strategy', exit);
      return this.context.stop(child.ref);
    }
    this.#react(() => decide(this.#state, exit, this.context));
    if (permits(this.lifecycle, 'resume')) this.#children?.hold(exit);
  }

  #onChildStopped(exit: ChildExit): void {
    const child = this.childAt(exit.child);
    if (!child) return;
    if (this.isGoing) return this.#childGone(child);
    this.#children?.remove(child);
    const react = this.definition?.signals?.childStopped;
    if (react) this.#react(() => react(this.#state, exit, this.context));
  }

  #onThreadLost({ node, thread, reason }: Signal & { kind: 'thread-lost' }): void {
    for (const ref of this.#watch?.watchedOn(node, thread) ?? []) this.#onTerminated(ref, reason);
    if (node !== this.ref.node) return;
    for (const child of this.#children?.list() ?? []) {
      if (child.ref.thread !== thread) continue;
      child.isLost = true;
      const exit: ChildExit = { child: child.ref, reason, escalated: false };
      if (this.isGoing) this.#onChildStopped(exit);
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
