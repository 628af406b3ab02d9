/** Medians, spread, and the line that a measured pair becomes. */

/** One contestant in one round. `n` is how many operations were timed. */
export interface Measured {
  readonly value: number;
  readonly n: number;
}

/** What a benchmark prints: Skein beside one baseline. `ratio` is median / baselineMedian, whatever the unit. */
export interface Line {
  readonly suite: string;
  readonly metric: string;
  readonly unit: string;
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly baseline: string;
  readonly baselineMedian: number;
  readonly ratio: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One of many single times; `share` 0.5 is the median, 0.99 the slowest hundredth. */
export const percentile = (times: readonly number[], share: number): Measured => ({
  value: times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN,
  n: times.length,
});

/** Four significant digits: more would be noise. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

/** In a rate, of time or room, more is better; times, bytes and shares of a processor are better small. */
export const isRate = (unit: string): boolean => unit.endsWith('/s') || unit.endsWith('/GiB');

export interface Pair {
  readonly suite: string;
  readonly metric: string;
  readonly unit: string;
  readonly own: readonly Measured[];
  readonly baseline: string;
  readonly other: readonly Measured[];
}

export function lineOf({ suite, metric, unit, own, baseline, other }: Pair): Line {
  const values = own.map(({ value }) => value);
  const middle = median(values);
  const baselineMedian = median(other.map(({ value }) => value));
  return {
    suite,
    metric,
    unit,
    n: median(own.map(({ n }) => n)),
    median: rounded(middle),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
    baseline,
    baselineMedian: rounded(baselineMedian),
    ratio: rounded(middle / baselineMedian),
  };
}
