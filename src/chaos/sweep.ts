/** Many seeds, one after the other: what they found, and what they never met. */
import { type SimulationOptions, type SimulationResult, simulate } from './simulation.ts';
import { SOMETIMES, type Sometimes } from './sometimes.ts';

export interface SweepOptions extends Omit<SimulationOptions, 'seed'> {
  readonly first: number;
  readonly last: number;
  /** Each seed is run twice, and both must do the same in the same order. */
  readonly isTwice?: boolean;
  /** Ends after the first seed that fails. */
  readonly isToFirst?: boolean;
}

export interface FailedSeed {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
  /** The last events before it. */
  readonly lines: readonly string[];
}

export interface SweepReport {
  readonly seeds: number;
  readonly failed: readonly FailedSeed[];
  readonly equalHashes: number;
  readonly events: number;
  readonly virtualHours: number;
  /** Only when enough seeds were run for their absence to mean something. */
  readonly neverSeen: readonly Sometimes[];
}

const LINES_BEFORE = 20;
const SEEDS_TO_SEE_ALL = 50;
const MS_PER_HOUR = 3_600_000;

export async function sweep(
  options: SweepOptions,
  onSeed: (result: SimulationResult, report: SweepReport) => void = () => undefined,
): Promise<SweepReport> {
  const { first, last, isTwice = false, isToFirst = false, ...how } = options;
  const failed: FailedSeed[] = [];
  const seen = new Set<Sometimes>();
  let [seeds, equalHashes, events, virtualMs] = [0, 0, 0, 0];
  const report = (): SweepReport => ({
    seeds,
    failed,
    equalHashes,
    events,
    virtualHours: virtualMs / MS_PER_HOUR,
    neverSeen: how.faults === undefined && seeds >= SEEDS_TO_SEE_ALL ? unseen(seen) : [],
  });
  for (let seed = first; seed <= last; seed++) {
    const result = await simulate({ ...how, seed });
    const again = isTwice ? await simulate({ ...how, seed }) : undefined;
    seeds++;
    for (const each of [result, again]) {
      events += each?.events ?? 0;
      virtualMs += each?.virtualMs ?? 0;
    }
    for (const what of result.seen) seen.add(what);
    if (again?.hash === result.hash) equalHashes++;
    const failure = failureOf(result, again);
    if (failure) failed.push(failure);
    onSeed(result, report());
    if (failure && isToFirst) break;
  }
  return report();
}

const unseen = (seen: ReadonlySet<Sometimes>): readonly Sometimes[] =>
  SOMETIMES.filter((what) => !seen.has(what));

function failureOf(
  result: SimulationResult,
  again: SimulationResult | undefined,
): FailedSeed | undefined {
  const { seed, violations, lines } = result;
  const [first] = violations;
  if (first) {
    const at = lines.findIndex((line) => line.includes('VIOLATION'));
    return { seed, ...first, lines: lines.slice(Math.max(0, at - LINES_BEFORE), at + 1) };
  }
  if (!again || again.hash === result.hash) return undefined;
  const at = lines.findIndex((line, index) => line !== again.lines[index]);
  const what = `the second run differs at event ${at}: ${again.lines[at] ?? 'nothing'}`;
  const shown = lines.slice(Math.max(0, at - LINES_BEFORE), at + 1);
  return { seed, invariant: 'determinism', what, lines: shown };
}
