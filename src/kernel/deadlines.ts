/**
 * Deadlines by the thousand on one timer: a hashed wheel whose buckets are linked lists (Varghese and Lauck, 1987, scheme 6).
 * Adding and cancelling change a few links and allocate nothing. A deadline fires up to one bucket late, never early. The
 * timer looks at least every LOOK_MS while there are deadlines, so that it is not set anew for each of them.
 */
import type { Clock, TimerHandle, Timers } from '../contracts/index.ts';

const BUCKET_MS = 8;
const BUCKETS = 256;
const LOOK_MS = 100;

/** Something with a deadline; it extends this, so that it is its own list entry. */
export abstract class Deadline {
  /** Since the clock's start; set by `add`. */
  bucket = 0;
  next: Deadline | undefined = undefined;
  previous: Deadline | undefined = undefined;

  abstract expire(): void;
}

export class Deadlines {
  readonly #heads: (Deadline | undefined)[] = new Array(BUCKETS).fill(undefined);
  readonly #clock: Clock;
  readonly #timers: Timers;
  #size = 0;
  #timer: TimerHandle | undefined;
  #timerBucket = 0;
  /** All before this bucket have been looked at. */
  #lookedAt = 0;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  get size(): number {
    return this.#size;
  }

  add(deadline: Deadline, atMs: number, nowMs: number): void {
    const bucket = Math.ceil(atMs / BUCKET_MS);
    const slot = bucket & (BUCKETS - 1);
    const head = this.#heads[slot];
    deadline.bucket = bucket;
    deadline.next = head;
    if (head) head.previous = deadline;
    this.#heads[slot] = deadline;
    if (this.#size++ === 0) this.#lookedAt = Math.min(bucket, Math.floor(nowMs / BUCKET_MS));
    if (!this.#timer || bucket < this.#timerBucket) this.#arm(bucket, nowMs);
  }

  cancel(deadline: Deadline): void {
    const { next, previous } = deadline;
    if (next) next.previous = previous;
    if (previous) previous.next = next;
    else this.#heads[deadline.bucket & (BUCKETS - 1)] = next;
    deadline.next = undefined;
    deadline.previous = undefined;
    this.#size--;
  }

  /** All that wait, in no order. */
  list(): Deadline[] {
    const all: Deadline[] = [];
    for (const head of this.#heads) {
      for (let each = head; each; each = each.next) all.push(each);
    }
    return all;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(bucket: number, nowMs: number): void {
    this.#timer?.cancel();
    const delayMs = Math.min(LOOK_MS, Math.max(0, bucket * BUCKET_MS - nowMs));
    this.#timerBucket = Math.min(bucket, Math.ceil((nowMs + delayMs) / BUCKET_MS));
    this.#timer = this.#timers.after(delayMs, this.#look);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    const nowBucket = Math.floor(nowMs / BUCKET_MS);
    const due = this.#due(nowBucket);
    this.#lookedAt = nowBucket + 1;
    for (const each of due) {
      this.cancel(each);
      each.expire();
    }
    // Something that expired may have set the timer already.
    if (this.#size > 0 && !this.#timer) this.#arm(this.#nextBucket(nowBucket + 1), nowMs);
  };

  /** Of the slots that time has passed, the entries of this turn of the wheel, in the order of their deadlines. */
  #due(nowBucket: number): Deadline[] {
    const due: Deadline[] = [];
    const last = Math.min(nowBucket, this.#lookedAt + BUCKETS - 1);
    for (let at = this.#lookedAt; at <= last; at++) {
      for (let each = this.#heads[at & (BUCKETS - 1)]; each; each = each.next) {
        if (each.bucket <= nowBucket) due.push(each);
      }
    }
    return due.sort((a, b) => a.bucket - b.bucket);
  }

  /** The first slot with an entry; LOOK_MS bounds how far it is worth looking. */
  #nextBucket(from: number): number {
    const last = from + Math.ceil(LOOK_MS / BUCKET_MS);
    for (let at = from; at < last; at++) {
      if (this.#heads[at & (BUCKETS - 1)]) return at;
    }
    return last;
  }
}
