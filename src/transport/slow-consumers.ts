/** Counts what fell so far behind that a server cut it off, and raises an alarm, at most one a second. */
import type { Clock, Log } from '../contracts/index.ts';

export interface SlowConsumerCount {
  readonly count: number;
  /** By the wall clock; null: never. */
  readonly lastAtMs: number | null;
}

const ALARM_MS = 1_000;

export class SlowConsumers {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #lastAtMs: number | null = null;
  #alarmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  add(what: string): void {
    this.#count++;
    this.#lastAtMs = this.#clock.wallMs();
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#alarmedAtMs < ALARM_MS) return;
    this.#alarmedAtMs = nowMs;
    this.#log.error('NATS cut off a slow consumer: what it had not read is lost', {
      what: what.slice(0, 200),
      total: this.#count,
    });
  }

  seen(): SlowConsumerCount {
    return { count: this.#count, lastAtMs: this.#lastAtMs };
  }
}
