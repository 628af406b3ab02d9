/**
 * One run queue a thread. A cell that has work stands in it once; it runs a bounded number of messages, then goes to the
 * back, so a busy actor cannot starve others. After `drainMs` the dispatcher lets the event loop have its turn, so timers
 * and I/O cannot starve either.
 */
import { type Clock, LIMITS, type Timers } from '../contracts/index.ts';
import { RingQueue } from './ring-queue.ts';

export interface Runnable {
  /** Runs up to `budget` messages. @returns whether there is more to run at once. */
  readonly run: (budget: number) => boolean;
}

/** Cells run between two looks at the clock: a look costs about as much as a message. */
const RUNS_PER_LOOK = 16;

export class Dispatcher {
  readonly #queue = new RingQueue<Runnable>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #afterDrain: () => void;
  #awake = false;

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
    const untilMs = this.#clock.monotonicMs() + LIMITS.drainMs;
    for (let runs = 1; this.#queue.length > 0; runs++) {
      const cell = this.#queue.shift() as Runnable;
      if (cell.run(LIMITS.turnMessages)) this.#queue.push(cell);
      if (runs % RUNS_PER_LOOK === 0 && this.#clock.monotonicMs() >= untilMs) break;
    }
    this.#afterDrain();
    if (this.#queue.length > 0) this.#timers.immediate(this.#drain);
    else this.#awake = false;
  };
}
