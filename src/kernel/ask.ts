/**
 * Asks that wait for an answer. The result has three values, because a caller who decides about a retry needs three:
 * `answered`, `not-delivered` (the work was certainly not run) and `unknown` (it may have been).
 */
import { failure, LIMITS, type SkeinError } from '../contracts/index.ts';
import type { ActorRef } from './actor-ref.ts';
import type { Deadline, Deadlines } from './deadlines.ts';

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

interface PendingAsk {
  readonly thread: string;
  readonly deadline: Deadline;
  readonly resolve: (result: AskResult<unknown>) => void;
}

export class PendingAsks {
  readonly #pending = new Map<number, PendingAsk>();
  readonly #deadlines: Deadlines;
  #lastId = 0;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#pending.size;
  }

  get isFull(): boolean {
    return this.#pending.size >= LIMITS.pendingAsks;
  }

  open(
    target: ActorRef,
    deadlineMs: number,
    timeoutMs: number,
    resolve: (result: AskResult<unknown>) => void,
  ): number {
    const id = ++this.#lastId;
    const expire = () => {
      const { error } = failure('ASK_TIMEOUT', { actor: target.address, timeoutMs });
      this.settle(id, unknown(error));
    };
    const deadline = this.#deadlines.add(deadlineMs, expire);
    this.#pending.set(id, { thread: target.thread, deadline, resolve });
    return id;
  }

  /** The first settlement counts; one that comes late finds nothing and is ignored. */
  settle(id: number, result: AskResult<unknown>): void {
    const ask = this.#pending.get(id);
    if (!ask) return;
    this.#pending.delete(id);
    this.#deadlines.cancel(ask.deadline);
    ask.resolve(result);
  }

  /** Everything that waits for a lost thread ends now, rather than at its deadline. */
  settleThread(thread: string, error: SkeinError): void {
    for (const [id, ask] of this.#pending) {
      if (ask.thread === thread) this.settle(id, unknown(error));
    }
  }

  settleAll(error: SkeinError): void {
    for (const id of [...this.#pending.keys()]) this.settle(id, unknown(error));
  }
}
