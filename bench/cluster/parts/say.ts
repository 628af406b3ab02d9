/** A figure of the suite `cluster`, beside its goal: one JSON object on standard output. */
import { type Line, percentile, rounded } from '../../harness/statistics.ts';

export interface Figure {
  readonly metric: string;
  readonly unit: string;
  readonly value: number;
  /** How many times were measured; default 1. */
  readonly n?: number;
  readonly goal: number;
}

export function say({ metric, unit, value, n = 1, goal }: Figure): void {
  const figure = rounded(value);
  const line: Line = {
    suite: 'cluster',
    metric,
    unit,
    n,
    median: figure,
    min: figure,
    max: figure,
    baseline: 'goal',
    baselineMedian: goal,
    ratio: rounded(value / goal),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The same goal for p50 and the upper percentile. */
export function sayTimes(
  metric: string,
  times: readonly number[],
  { upper = 0.99, goal }: { readonly upper?: 0.95 | 0.99; readonly goal: number },
): void {
  for (const share of [0.5, upper]) {
    const { value, n } = percentile(times, share);
    say({ metric: `${metric}, p${share * 100}`, unit: 'ms', value, n, goal });
  }
}
