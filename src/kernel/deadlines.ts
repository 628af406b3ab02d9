/**
 * Deadlines by the thousand on one timer: a hashed wheel of buckets (Varghese and Lauck, 1987). Adding and cancelling are
 * one set operation; a deadline fires up to one bucket late, never early.
 */
import type { Clock, TimerHandle, Timers } from '../contracts/index.ts';

const BUCKET_MS = 8;

export interface Deadline {
  readonly bucket: number;
  readonly expire: () => void;
}

export class Deadlines {
  readonly #buckets = new Map<number, Set<Deadline>>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  #armed: { readonly bucket: number; readonly timer: TimerHandle } | undefined;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  add(atMs: number, expire: () => void): Deadline {
    const deadline = { bucket: Math.ceil(atMs / BUCKET_MS), expire };
    const bucket = this.#buckets.get(deadline.bucket);
    if (bucket) bucket.add(deadline);
    else this.#buckets.set(deadline.bucket, new Set([deadline]));
    if (!this.#armed || deadline.bucket < this.#armed.bucket) this.#arm(deadline.bucket);
    return deadline;
  }

  cancel(deadline: Deadline): void {
    const bucket = this.#buckets.get(deadline.bucket);
    bucket?.delete(deadline);
    if (bucket?.size === 0) this.#buckets.delete(deadline.bucket);
    if (this.#buckets.size === 0) this.#disarm();
  }

  #arm(bucket: number): void {
    this.#disarm();
    const delayMs = Math.max(0, bucket * BUCKET_MS - this.#clock.monotonicMs());
    this.#armed = { bucket, timer: this.#timers.after(delayMs, this.#fire) };
  }

  #disarm(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
  }

  readonly #fire = (): void => {
    this.#armed = undefined;
    const nowBucket = Math.floor(this.#clock.monotonicMs() / BUCKET_MS);
    const due = [...this.#buckets.keys()]
      .filter((bucket) => bucket <= nowBucket)
      .sort((a, b) => a - b);
    for (const bucket of due) {
      const deadlines = this.#buckets.get(bucket) ?? [];
      this.#buckets.delete(bucket);
      for (const deadline of deadlines) deadline.expire();
    }
    const next = Math.min(...this.#buckets.keys());
    if (Number.isFinite(next) && !this.#armed) this.#arm(next);
  };
}
