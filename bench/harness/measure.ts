/**
 * How fast is it, warm? The count is raised until a run takes long enough, which warms the engine up too; then three runs
 * are timed and the middle one counts.
 */
import { type Measured, median } from './statistics.ts';

const WARM_MS = 150;
const TIMED_MS = 250;
const TIMED_RUNS = 3;

export interface RateOptions {
  /** Counts are multiples of this. Default 1. */
  readonly step?: number;
  /** Operations a second are divided by this: 1e6 gives M/s. Default 1. */
  readonly scale?: number;
  /** No run does more than this, however short it is. */
  readonly nMax?: number;
  /** Untimed runs go on for this long in sum: two processes that warm each other up take longer. Default 0. */
  readonly warmMs?: number;
}

/** Does exactly `n` operations and rejects when it finds another count at the end. */
export type Run = (n: number) => Promise<void>;

export async function took(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
}

export async function rate(
  run: Run,
  { step = 1, scale = 1, nMax = 1e8, warmMs = 0 }: RateOptions = {},
): Promise<Measured> {
  const stepped = (n: number): number => Math.max(1, Math.round(Math.min(n, nMax) / step)) * step;
  let n = stepped(500);
  // The first run loads, starts and compiles: it would make the next counts too small.
  await run(n);
  let ms = await took(() => run(n));
  while (ms < WARM_MS && n < stepped(nMax)) {
    n = stepped(n * Math.min(8, Math.max(2, WARM_MS / Math.max(ms, 1))));
    ms = await took(() => run(n));
  }
  for (let warmedMs = ms; warmedMs < warmMs; warmedMs += ms) ms = await took(() => run(n));
  n = stepped((n * TIMED_MS) / ms);
  const rates: number[] = [];
  for (let timed = 0; timed < TIMED_RUNS; timed++) {
    rates.push((n * 1_000) / (await took(() => run(n))));
  }
  return { value: median(rates) / scale, n };
}

/** The end of a run, seen by whichever actor counts: another count than `n` is a failure, not a result. */
export function countTo(n: number): {
  readonly counted: Promise<void>;
  readonly done: (found: number) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = (found: number): void => {
    if (found === n) resolve();
    else reject(new Error(`counted ${found}, not ${n}`));
  };
  return { counted: promise, done };
}
