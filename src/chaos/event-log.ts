/** Everything that happened in a simulation, as lines: hashed as a whole, the newest kept for reading. */
import { createHash } from 'node:crypto';
import type { Clock } from '../contracts/index.ts';

const KEPT_LINES = 200_000;

export class EventLog {
  readonly #clock: Clock;
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  add(place: string, what: string): void {
    const line = `${this.#clock.monotonicMs().toFixed(3).padStart(12)} ${place.padEnd(14)} ${what}`;
    this.#hash.update(`${line}\n`);
    this.#count++;
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.splice(0, KEPT_LINES / 2);
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  /** Ends the log. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
