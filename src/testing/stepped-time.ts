/** Virtual time that goes from one timer to the next, for a run that knows when it has nothing else to do. */
import type { Clock, Timers } from '../contracts/index.ts';
import { simulatedTime } from '../host/index.ts';

export interface SteppedTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Goes on to the next timer. @returns whether there was one */
  readonly step: () => Promise<boolean>;
}

export function steppedTime(startWallMs: number): SteppedTime {
  const time = simulatedTime(startWallMs);
  const { clock, timers } = time;
  let dueMs: number[] = [];
  return {
    clock,
    timers: {
      immediate: timers.immediate,
      after: (delayMs, fire) => {
        const nowMs = clock.monotonicMs();
        dueMs = [...dueMs.filter((atMs) => atMs > nowMs), nowMs + Math.max(0, delayMs)];
        return timers.after(delayMs, fire);
      },
    },
    step: async () => {
      if (time.pendingTimers() === 0) return false;
      const nowMs = clock.monotonicMs();
      const nextMs = Math.min(...dueMs);
      dueMs = dueMs.filter((atMs) => atMs !== nextMs);
      await time.advance(Math.max(0, nextMs - nowMs));
      return true;
    },
  };
}
