/**
 * One activation of a virtual actor: a kernel actor whose turns end with a write. A turn that changed nothing is answered at
 * once; one whose write is certain to have failed leaves the state as it was; after any other failed write the activation ends,
 * since nobody knows then what the state is.
 */
import {
  failure,
  LIMITS,
  type Log,
  type Ports,
  plainCopy,
  type Result,
  reasonOf,
  type SkeinError,
  SkeinException,
  skeinError,
  success,
  type TimerHandle,
} from '../../contracts/index.ts';
import {
  type ActorContext,
  type ActorDefinition,
  type ActorRef,
  type ActorSystem,
  defineActor,
  type Handlers,
} from '../../kernel/index.ts';
import type { Hold } from '../ownership/activation.ts';
import { type Image, imageOf } from './actor-record.ts';
import type { ActorStore, Written } from './actor-store.ts';
import type { DueIndex } from './due-index.ts';
import { earliest, type Reminder, withoutFired } from './reminders.ts';
import { Turn } from './turn.ts';
import {
  type AnyVirtualDefinition,
  notHere,
  type VirtualAnswer,
  type VirtualContext,
  type VirtualHandlers,
} from './virtual-actor.ts';

export interface LiveOptions {
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly log: Log;
  readonly definition: AnyVirtualDefinition;
  /** Made once a kind by `liveDefinition`. */
  readonly kernelDefinition: ActorDefinition<LiveActor, LiveActor, Handlers<LiveActor>>;
  readonly key: string;
  readonly address: string;
  readonly hold: Hold;
  readonly store: ActorStore;
  readonly due: DueIndex;
  /** The key is to be given up: it is idle, or cannot go on. Called once. */
  readonly onEnd: (reason: string) => void;
}

const NONE: TimerHandle = { cancel: () => undefined };
const PASSIVATE_AFTER_IDLE_MS = 60_000;
/** A reminder that failed comes again after this, then after twice as long, up to 64 times. */
const REMINDER_RETRY_MS = 1_000;
const REMINDER_DOUBLINGS_MAX = 6;
/** The wall clock is looked at again at least so often. */
const REMINDER_LOOK_MS = 60_000;
const DUE = '$due';

/** The kernel's view of a kind: the same message types, each handled in a turn that ends durably. */
export function liveDefinition(
  definition: AnyVirtualDefinition,
): ActorDefinition<LiveActor, LiveActor, Handlers<LiveActor>> {
  const handlers = Object.entries(definition.receive as VirtualHandlers<unknown>).map(
    ([type, handler]) =>
      [
        type,
        (live: LiveActor, payload: unknown, ctx: ActorContext) =>
          live.run(type, (state, turn) => handler(state, payload, turn), ctx),
      ] as const,
  );
  const { mailboxCapacity: capacity } = definition;
  return defineActor({
    kind: definition.kind,
    initial: (live: LiveActor) => live,
    receive: {
      ...Object.fromEntries(handlers),
      [DUE]: (live: LiveActor, _: unknown, ctx: ActorContext) => live.fireDue(ctx),
    } as Handlers<LiveActor>,
    signals: { stopped: (live) => live.stopped() },
    ...(capacity === undefined ? {} : { mailbox: { capacity } }),
  });
}

export class LiveActor {
  readonly ref: ActorRef;
  readonly #options: LiveOptions;
  readonly #ended = Promise.withResolvers<void>();
  readonly #retries = new Map<
    string,
    { readonly failures: number; readonly notBeforeMs: number }
  >();
  #state: unknown;
  #image: Image;
  #reminders: readonly Reminder[];
  #isOver = false;
  #isTold = false;
  #isBusy = false;
  #isDueSent = false;
  #lastActiveMs: number;
  #idle = NONE;
  #due = NONE;

  /** Failure: VIRTUAL_STATE_INVALID. */
  static start(options: LiveOptions): Result<LiveActor> {
    const { definition, key, address, store } = options;
    const { state = definition.initial(key), reminders } = store.record;
    const image = imageOf(address, state, reminders);
    return image.ok ? success(new LiveActor(options, image.value, reminders)) : image;
  }

  private constructor(options: LiveOptions, image: Image, reminders: readonly Reminder[]) {
    this.#options = options;
    this.#image = image;
    this.#reminders = reminders;
    this.#restore();
    this.#lastActiveMs = options.ports.clock.monotonicMs();
    this.ref = options.system.spawn(options.kernelDefinition, this);
    this.#watchIdle();
    this.#planReminder();
  }

  /** Takes messages; when it does not, they are not for here. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#isTold && this.#options.hold.isHeld();
  }

  /** Works off its mailbox for up to `drainMs`, while its lease lasts. Resolves when it acts no more. */
  async stop(drainMs: number): Promise<void> {
    const { system, ports } = this.#options;
    this.#isTold = true;
    this.#idle.cancel();
    this.#due.cancel();
    const reason = { kind: 'normal' } as const;
    system.signal(this.ref, { kind: 'stop', mode: 'drain', reason });
    const timeUp = ports.timers.after(drainMs, () => this.#ended.resolve());
    await this.#ended.promise;
    timeUp.cancel();
    this.#isOver = true;
    system.signal(this.ref, { kind: 'stop', mode: 'now', reason });
  }

  // --- for the kernel actor

  async run(
    type: string,
    handle: (state: unknown, turn: VirtualContext) => unknown,
    ctx: ActorContext,
    reminders = this.#reminders,
  ): Promise<VirtualAnswer> {
    const { hold, ports, key, address } = this.#options;
    if (this.#isOver || !hold.isHeld()) return notHere('its lease is over');
    const { clock, random } = ports;
    const { trace, log } = ctx;
    const turn = new Turn({ key, address, hold, clock, random, log, trace }, reminders);
    this.#isBusy = true;
    try {
      const value = await this.#within(handle(this.#state, turn.context));
      const reply = plainCopy(value);
      if (!reply.ok) throw new TypeError(`its reply is no JSON data: ${reply.mismatch.found}`);
      turn.end();
      const kept = turn.wantsErasure ? await this.#erase() : await this.#keep(turn.reminders);
      if (!kept.ok) return { kind: 'unknown', error: kept.error };
      for (const send of turn.outbox) send();
      if (turn.wantsPassivation) this.#giveUp('it asked to be passivated');
      return { kind: 'answered', value: reply.value };
    } catch (thrown) {
      turn.end();
      this.#restore();
      return { kind: 'unknown', error: this.#errorIn(thrown, type) };
    } finally {
      this.#isBusy = false;
      this.#lastActiveMs = clock.monotonicMs();
    }
  }

  /** Fires the reminder that is due, if one is. */
  async fireDue(ctx: ActorContext): Promise<void> {
    this.#isDueSent = false;
    const { definition, ports, log, address } = this.#options;
    const nowMs = ports.clock.wallMs();
    const due = this.#nextReminder();
    if (!due || due.atMs > nowMs) return this.#planReminder();
    const { reminder } = due;
    const { name, sequence, dueAtMs, payload } = reminder;
    const handler = definition.reminders?.[name] ?? definition.otherReminder;
    if (!handler) log.warn('a reminder has no handler and is dropped', { actor: address, name });
    const fired = { name, sequence, dueAtMs, payload };
    const answer = await this.run(
      name,
      (state, turn) => handler?.(state as never, fired, turn),
      ctx,
      withoutFired(this.#reminders, reminder, nowMs),
    );
    if (answer.kind === 'answered') this.#retries.delete(name);
    else this.#retryLater(name, answer);
    this.#planReminder();
  }

  stopped(): void {
    this.#ended.resolve();
    this.#end('its actor has stopped');
  }

  // --- inside

  /** Writes what the turn changed. */
  async #keep(reminders: readonly Reminder[]): Promise<Result<void>> {
    const { address, store, due } = this.#options;
    const image = imageOf(address, this.#state, reminders);
    if (!image.ok) return this.#undo(image);
    if (image.value.text === this.#image.text) return this.#checkHeld();
    const firstMs = earliest(reminders)?.dueAtMs;
    if (firstMs !== undefined) {
      const beforeMs = earliest(this.#reminders)?.dueAtMs ?? firstMs;
      const shown = await due.notAfter(Math.min(firstMs, beforeMs));
      if (!shown.ok) return this.#undo(shown);
    }
    const held = this.#checkHeld();
    if (!held.ok) return held;
    const written = await store.write({ state: image.value.state, reminders });
    if (!written.ok) return this.#notWritten(written);
    this.#image = image.value;
    this.#reminders = reminders;
    await due.settle(firstMs);
    this.#planReminder();
    return written;
  }

  async #erase(): Promise<Result<void>> {
    const held = this.#checkHeld();
    if (!held.ok) return held;
    const { store, due } = this.#options;
    const erased = await store.erase();
    if (!erased.ok) return this.#notWritten(erased);
    await due.settle(undefined);
    this.#end('it was erased');
    return erased;
  }

  #notWritten(failed: Written & { readonly ok: false }): Result<never> {
    if (failed.isCertain) return this.#undo(failed);
    this.#end(failed.error.message);
    return failed;
  }

  #checkHeld(): Result<void> {
    const { hold, address: key } = this.#options;
    if (!this.#isOver && hold.isHeld()) return success(undefined);
    this.#end('its lease ended within a turn');
    return failure('LEASE_LOST', { key, reason: 'it ended within a turn' });
  }

  #undo<T extends Result<never>>(failed: T): T {
    this.#restore();
    return failed;
  }

  #restore(): void {
    [this.#state] = JSON.parse(this.#image.text) as [unknown];
  }

  #errorIn(thrown: unknown, type: string): SkeinError {
    if (thrown instanceof SkeinException) return thrown.error;
    const { address: actor } = this.#options;
    return skeinError('ACTOR_FAILED', { actor, type, reason: reasonOf(thrown) });
  }

  /** A turn that never ends would keep the key for ever. */
  async #within(result: unknown): Promise<unknown> {
    if (!(result instanceof Promise)) return result;
    const { ports } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = ports.timers.after(LIMITS.virtualTurnMs, () => {
      this.#end('a turn took too long');
      reject(new Error(`the turn took more than ${LIMITS.virtualTurnMs} ms`));
    });
    try {
      return await Promise.race([result, promise]);
    } finally {
      timer.cancel();
    }
  }

  #end(reason: string): void {
    this.#isOver = true;
    this.#giveUp(reason);
  }

  #watchIdle(): void {
    const { ports, definition } = this.#options;
    const idleMs = definition.passivateAfterIdleMs ?? PASSIVATE_AFTER_IDLE_MS;
    const leftMs = this.#lastActiveMs + idleMs - ports.clock.monotonicMs();
    if (leftMs <= 0 && !this.#isBusy) return this.#giveUp('it was idle');
    this.#idle = ports.timers.after(leftMs > 0 ? leftMs : idleMs, () => this.#watchIdle());
  }

  /** What is in its mailbox by now is still worked off. */
  #giveUp(reason: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#idle.cancel();
    this.#due.cancel();
    this.#options.onEnd(reason);
  }

  #nextReminder(): { readonly reminder: Reminder; readonly atMs: number } | undefined {
    const all = this.#reminders.map((reminder) => {
      const notBeforeMs = this.#retries.get(reminder.name)?.notBeforeMs ?? 0;
      return { reminder, atMs: Math.max(reminder.dueAtMs, notBeforeMs) };
    });
    return all.sort((a, b) => a.atMs - b.atMs)[0];
  }

  #planReminder(): void {
    this.#due.cancel();
    const next = this.#nextReminder();
    if (!next || this.#isTold) return;
    const { ports } = this.#options;
    const delayMs = Math.min(Math.max(0, next.atMs - ports.clock.wallMs()), REMINDER_LOOK_MS);
    this.#due = ports.timers.after(delayMs, () => this.#sendDue());
  }

  #sendDue(): void {
    if (this.#isDueSent || this.#isTold) return;
    const { system, ports } = this.#options;
    this.#isDueSent = system.tell(this.ref, DUE).kind === 'accepted';
    if (!this.#isDueSent) this.#due = ports.timers.after(REMINDER_RETRY_MS, () => this.#sendDue());
  }

  #retryLater(name: string, answer: VirtualAnswer): void {
    const { ports, log, address: actor } = this.#options;
    const failures = (this.#retries.get(name)?.failures ?? 0) + 1;
    const delayMs = REMINDER_RETRY_MS * 2 ** Math.min(failures - 1, REMINDER_DOUBLINGS_MAX);
    this.#retries.set(name, { failures, notBeforeMs: ports.clock.wallMs() + delayMs });
    const why = 'error' in answer ? answer.error.message : answer.kind;
    log.warn('a reminder failed and comes again', { actor, name, delayMs, why });
  }
}
