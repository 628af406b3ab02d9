/**
 * One run queue a thread. A cell that has work stands in it once; it runs a bounded number of messages, then goes to the
 * back, so a busy actor cannot starve others. After `drainMs` the dispatcher lets the event loop have its turn, so timers
 * and I/O cannot starve either.
 *
 * A look at the clock costs as much as two messages, so it comes after as many messages as took a fraction of `drainMs` the
 * last time: hundreds of fast ones, one by one when they are slow.
 */
import { type Clock, LIMITS, type Timers } from '../contracts/index.ts';
import { RingQueue } from './ring-queue.ts';

export interface Runnable {
  /** Runs up to `budget` messages. @returns how many it ran; a run for signals alone counts as one. */
  readonly run: (budget: number) => number;
  /** Is there more to run at once? */
  readonly isReady: boolean;
}

const LOOK_MESSAGES_MAX = 512;
const LOOKS_PER_DRAIN = 8;

export class Dispatcher {
  readonly #queue = new RingQueue<Runnable>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #afterDrain: () => void;
  #awake = false;
  #lookMessages = 16;

  /** `afterDrain` is called whenever the queue has run empty or yields: the moment to flush frames. */
  constructor(clock: Clock, timers: Timers, afterDrain: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#afterDrain = afterDrain;
  }

  /** The caller guarantees that `cell` is not in the queue already. */
  schedule(cell: Runnable): void {
    this.#queue.push(cell);
    if (this.#awake) return;
    this.#awake = true;
    queueMicrotask(this.#drain);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  readonly #drain = (): void => {
    let lookedMs = this.#clock.monotonicMs();
    const untilMs = lookedMs + LIMITS.drainMs;
    while (this.#queue.length > 0) {
      this.#runSome(this.#lookMessages);
      if (this.#queue.length === 0) break;
      const nowMs = this.#clock.monotonicMs();
      this.#adapt(nowMs - lookedMs);
      lookedMs = nowMs;
      if (nowMs >= untilMs) break;
    }
    this.#afterDrain();
    if (this.#queue.length > 0) this.#timers.immediate(this.#drain);
    else this.#awake = false;
  };

  #runSome(messages: number): void {
    const queue = this.#queue;
    for (let left = messages; left > 0; ) {
      const cell = queue.shift();
      if (cell === undefined) return;
      left -= cell.run(Math.min(left, LIMITS.turnMessages));
      if (cell.isReady) queue.push(cell);
    }
  }

  #adapt(tookMs: number): void {
    const shareMs = LIMITS.drainMs / LOOKS_PER_DRAIN;
    if (tookMs > shareMs) {
      const fitting = Math.floor((this.#lookMessages * shareMs) / tookMs);
      this.#lookMessages = Math.max(1, fitting);
    } else {
      this.#lookMessages = Math.min(LOOK_MESSAGES_MAX, this.#lookMessages * 2);
    }
  }
}
