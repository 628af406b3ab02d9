/**
 * Virtual time: a clock and the timers that hang on it. Nothing happens until `advance` or `runUntilIdle`; then timers fire
 * in the order of their time, ties in the order they were set, and immediates run before the next timer.
 */
import type { Clock, Timers } from '../contracts/index.ts';

interface PendingTimer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
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

/** Rounds of "no immediate left" after which the promise queue is taken to be empty. */
const QUIET_ROUNDS = 10;

export function simulatedTime(startWallMs = 1_767_225_600_000): SimulatedTime {
  let nowMs = 0;
  let order = 0;
  const pending = new Set<PendingTimer>();
  const immediates: (() => void)[] = [];

  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
      const batch = immediates.splice(0);
      for (const fire of batch) fire();
      if (batch.length > 0) quiet = 0;
      await Promise.resolve();
    }
  };
  const nextDue = (untilMs: number): PendingTimer | undefined => {
    let first: PendingTimer | undefined;
    for (const timer of pending) {
      if (timer.atMs > untilMs) continue;
      if (
        !first ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      )
        first = timer;
    }
    return first;
  };

  return {
    clock: { wallMs: () => startWallMs + nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (delayMs, fire) => {
        const timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, fire };
        pending.add(timer);
        return { cancel: () => pending.delete(timer) };
      },
      immediate: (fire) => {
        immediates.push(fire);
      },
    },
    advance: async (byMs) => {
      const untilMs = nowMs + byMs;
      await settle();
      for (let due = nextDue(untilMs); due; due = nextDue(untilMs)) {
        pending.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.fire();
        await settle();
      }
      nowMs = untilMs;
    },
    settle,
    pendingTimers: () => pending.size,
  };
}
