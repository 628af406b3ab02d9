/** Finds actors that have been idle for long enough and asks them to give up their state. One timer for all of them. */
import type { Clock, TimerHandle, Timers } from '../contracts/index.ts';
import type { Cell } from './cell.ts';

export class Passivation {
  readonly #cells = new Set<Cell>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  #sweep: TimerHandle | undefined;
  #sweepAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  add(cell: Cell): void {
    this.#cells.add(cell);
    this.#plan(this.#clock.monotonicMs() + idleLimitMs(cell));
  }

  remove(cell: Cell): void {
    this.#cells.delete(cell);
  }

  close(): void {
    this.#sweep?.cancel();
    this.#cells.clear();
  }

  #plan(atMs: number): void {
    if (atMs >= this.#sweepAtMs) return;
    this.#sweep?.cancel();
    this.#sweepAtMs = atMs;
    this.#sweep = this.#timers.after(atMs - this.#clock.monotonicMs(), () => this.#run());
  }

  #run(): void {
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    for (const cell of this.#cells) {
      const dueMs = cell.lastActiveMs + idleLimitMs(cell);
      if (cell.lifecycle !== 'running') this.#cells.delete(cell);
      else if (dueMs > nowMs) this.#plan(dueMs);
      else {
        // Should a message slip in before the signal, the next sweep looks again.
        if (cell.isIdle) cell.signal({ kind: 'passivate' });
        this.#plan(nowMs + idleLimitMs(cell));
      }
    }
  }
}

const idleLimitMs = (cell: Cell): number =>
  cell.definition?.passivateAfterIdleMs ?? Number.POSITIVE_INFINITY;
