/** Waiting on virtual time: time moves on in steps until something has happened, and no further than a bound. */
import type { SimulatedTime } from '../host/index.ts';
import { ExpectationFailed, requireArgument } from './expectation.ts';

export interface WaitOptions {
  /** Virtual time; default 3,000, at most 600,000. */
  readonly withinMs?: number;
}

export const WITHIN_MS = 3_000;
const WITHIN_MS_MAX = 600_000;
const STEP_MS = 1;

/**
 * Moves time on, a millisecond a step, until `hasHappened` or `withinMs` have passed.
 * @returns whether it has happened  @throws ARGUMENT_INVALID as a `SkeinException`
 */
export async function advanceUntil(
  time: SimulatedTime,
  hasHappened: () => boolean,
  withinMs: number,
): Promise<boolean> {
  requireArgument(withinMs >= 0 && withinMs <= WITHIN_MS_MAX, 'withinMs', {
    found: withinMs,
    expected: `0 to ${WITHIN_MS_MAX} ms`,
  });
  const untilMs = time.clock.monotonicMs() + withinMs;
  await time.settle();
  while (!hasHappened()) {
    const restMs = untilMs - time.clock.monotonicMs();
    if (restMs <= 0) return false;
    await time.advance(Math.min(STEP_MS, restMs));
  }
  return true;
}

/**
 * Moves time on until `promise` settles, and gives what it gives: `await settled(kit, system.ask(ref, 'get', 'a'))`.
 * @throws ExpectationFailed when it has not settled `withinMs`, and whatever the promise is rejected with
 */
export async function settled<T>(
  { time }: { readonly time: SimulatedTime },
  promise: Promise<T>,
  { withinMs = WITHIN_MS }: WaitOptions = {},
): Promise<T> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  if (await advanceUntil(time, () => isSettled, withinMs)) return promise;
  throw new ExpectationFailed({
    expected: `the promise to settle within ${withinMs} ms`,
    found: 'it is still pending',
  });
}
