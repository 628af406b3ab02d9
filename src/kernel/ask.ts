/**
 * Asks that wait for an answer. The result has three values, because a caller who decides about a retry needs three:
 * `answered`, `not-delivered` (the work was certainly not run) and `unknown` (it may have been).
 */
import { LIMITS, type SkeinError, skeinError } from '../contracts/index.ts';
import type { ActorRef } from './actor-ref.ts';
import { Deadline, type Deadlines } from './deadlines.ts';

export type AskResult<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'not-delivered'; readonly error: SkeinError }
  | { readonly kind: 'unknown'; readonly error: SkeinError };

export const notDelivered = (error: SkeinError): AskResult<never> => ({
  kind: 'not-delivered',
  error,
});
export const unknown = (error: SkeinError): AskResult<never> => ({ kind: 'unknown', error });
export const answered = <T>(value: T): AskResult<T> => ({ kind: 'answered', value });

/** What the asker is told, once. */
export type Settle = (result: AskResult<unknown>) => void;

/** One ask. A local one is known by itself; it gets a number only when it goes to another thread. */
export class PendingAsk extends Deadline {
  readonly asks: PendingAsks;
  readonly target: ActorRef;
  readonly timeoutMs: number;
  /** 0 while it stays on this thread. */
  id = 0;
  isOpen = true;
  readonly settled: Settle;

  constructor(asks: PendingAsks, target: ActorRef, timeoutMs: number, settled: Settle) {
    super();
    this.asks = asks;
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.settled = settled;
  }

  /** The deadline has passed; it is out of the wheel already. */
  expire(): void {
    const { target, timeoutMs } = this;
    const error = skeinError('ASK_TIMEOUT', {
      actor: target.address,
      timeoutMs: Math.round(timeoutMs),
    });
    this.asks.finish(this, unknown(error));
  }
}

export class PendingAsks {
  /** Those that went to other threads, by number. */
  readonly #remote = new Map<number, PendingAsk>();
  readonly #deadlines: Deadlines;
  #lastId = 0;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  get isFull(): boolean {
    return this.#deadlines.size >= LIMITS.pendingAsks;
  }

  open(target: ActorRef, timeoutMs: number, nowMs: number, settled: Settle): PendingAsk {
    const ask = new PendingAsk(this, target, timeoutMs, settled);
    this.#deadlines.add(ask, nowMs + timeoutMs, nowMs);
    return ask;
  }

  /** The number by which another thread will answer. */
  numberOf(ask: PendingAsk): number {
    if (ask.id === 0) {
      ask.id = ++this.#lastId;
      this.#remote.set(ask.id, ask);
    }
    return ask.id;
  }

  /** The first settlement counts; one that comes late is ignored. */
  settle(ask: PendingAsk, result: AskResult<unknown>): void {
    if (!ask.isOpen) return;
    this.#deadlines.cancel(ask);
    this.finish(ask, result);
  }

  settleNumber(id: number, result: AskResult<unknown>): void {
    const ask = this.#remote.get(id);
    if (ask) this.settle(ask, result);
  }

  /** For an ask that is out of the wheel. */
  finish(ask: PendingAsk, result: AskResult<unknown>): void {
    ask.isOpen = false;
    if (ask.id !== 0) this.#remote.delete(ask.id);
    ask.settled(result);
  }

  /** Everything that waits for a lost thread ends now, rather than at its deadline. */
  settleThread(node: string, thread: string, error: SkeinError): void {
    for (const ask of [...this.#remote.values()]) {
      const { target } = ask;
      if (target.thread === thread && target.node === node) this.settle(ask, unknown(error));
    }
  }

  settleAll(error: SkeinError): void {
    for (const ask of this.#deadlines.list()) this.settle(ask as PendingAsk, unknown(error));
    this.#deadlines.close();
  }
}
