/**
 * Virtual time: a clock and the timers that hang on it. Nothing happens until `advance` or `runUntilIdle`; then timers fire
 * in the order of their time, ties in the order they were set, and immediates run before the next timer. As in Node, promises settle
 * after each of them.
 */
import type { Clock, Timers } from '../contracts/index.ts';

interface PendingTimer {
  readonly atMs: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

export interface SimulatedTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Moves time on by `byMs`, firing all that falls due; lets promises settle between steps. */
  readonly advance: (byMs: number) => Promise<void>;
  /** Lets immediates and promises run until none is left; time stands still. */
  readonly settle: () => Promise<void>;
  readonly pendingTimers: () => number;
}

/** Rounds after which the promise queue is taken to be empty. */
const QUIET_ROUNDS = 10;

async function quiet(): Promise<void> {
  for (let round = 0; round < QUIET_ROUNDS; round++) await Promise.resolve();
}

export function simulatedTime(startWallMs = 1_767_225_600_000): SimulatedTime {
  let nowMs = 0;
  let order = 0;
  const pending = new TimerHeap();
  const immediates: (() => void)[] = [];

  const settle = async (): Promise<void> => {
    await quiet();
    while (immediates.length > 0) {
      for (const fire of immediates.splice(0)) {
        fire();
        await quiet();
      }
    }
  };
  return {
    clock: { wallMs: () => startWallMs + nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (delayMs, fire) => {
        const atMs = nowMs + Math.max(0, delayMs);
        const timer: PendingTimer = { atMs, order: order++, fire };
        pending.add(timer);
        return { cancel: () => pending.cancel(timer) };
      },
      immediate: (fire) => {
        immediates.push(fire);
      },
    },
    advance: async (byMs) => {
      const untilMs = nowMs + byMs;
      await settle();
      for (let due = pending.take(untilMs); due; due = pending.take(untilMs)) {
        nowMs = Math.max(nowMs, due.atMs);
        due.fire?.();
        await settle();
      }
      nowMs = untilMs;
    },
    settle,
    pendingTimers: () => pending.size,
  };
}

/** The earliest first; what is cancelled stays until its time has come. */
class TimerHeap {
  readonly #timers: PendingTimer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(timer: PendingTimer): void {
    this.#size++;
    const timers = this.#timers;
    let at = timers.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(timer, timers[parent] as PendingTimer)) break;
      timers[at] = timers[parent] as PendingTimer;
      at = parent;
    }
    timers[at] = timer;
  }

  cancel(timer: PendingTimer): void {
    if (timer.fire) this.#size--;
    timer.fire = undefined;
  }

  /** The first that is due by then, if any. */
  take(untilMs: number): PendingTimer | undefined {
    for (;;) {
      const first = this.#timers[0];
      if (!first || first.atMs > untilMs) return undefined;
      this.#removeFirst();
      if (!first.fire) continue;
      this.#size--;
      const { fire } = first;
      first.fire = undefined;
      return { ...first, fire };
    }
  }

  #removeFirst(): void {
    const timers = this.#timers;
    const last = timers.pop() as PendingTimer;
    if (timers.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= timers.length) break;
      const right = timers[child + 1];
      if (right && isEarlier(right, timers[child] as PendingTimer)) child++;
      if (!isEarlier(timers[child] as PendingTimer, last)) break;
      timers[at] = timers[child] as PendingTimer;
      at = child;
    }
    timers[at] = last;
  }
}

const isEarlier = (a: PendingTimer, b: PendingTimer): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
