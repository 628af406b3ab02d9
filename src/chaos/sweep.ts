/** Many seeds, one after the other or several at once: what they found, what they never met, and what they never tried. */
import { createHash } from 'node:crypto';
import { LIFECYCLE } from '../kernel/index.ts';
import { describeEvent } from './fault-schedule.ts';
import { simulate } from './simulation.ts';
import type { SimulationOptions, SimulationResult } from './simulation-options.ts';
import { SOMETIMES, type Sometimes } from './sometimes.ts';

export interface SeedOptions extends SimulationOptions {
  /** It is run twice, and both must do the same in the same order. */
  readonly isTwice?: boolean;
}

export interface FailedSeed {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
  /** The faults of the seed. */
  readonly schedule: readonly string[];
  /** The last events before it. */
  readonly lines: readonly string[];
}

/** What is left of a seed: plain data, small. */
export interface SeedOutcome {
  readonly seed: number;
  readonly hash: string;
  readonly isEqual: boolean;
  readonly events: number;
  readonly virtualMs: number;
  readonly seen: readonly Sometimes[];
  readonly transitions: readonly string[];
  readonly failure: FailedSeed | undefined;
}

export interface SweepOptions extends Omit<SeedOptions, 'seed'> {
  readonly first: number;
  readonly last: number;
  /** Ends after the first seed that fails. */
  readonly isToFirst?: boolean;
  /** Seeds that are run at once; default 1, on this thread. */
  readonly jobs?: number;
  /** Where a seed is run; default here. */
  readonly run?: (options: SeedOptions) => Promise<SeedOutcome>;
}

/** How far a sweep has come. */
export interface SweepProgress {
  readonly seeds: number;
  readonly failed: readonly FailedSeed[];
  readonly virtualHours: number;
}

export interface SweepReport extends SweepProgress {
  readonly equalHashes: number;
  readonly events: number;
  /** Only when enough seeds were run for their absence to mean something. */
  readonly neverSeen: readonly Sometimes[];
  /** Of the actors' lifecycle table: how many transitions were taken, and which never. */
  readonly transitions: {
    readonly taken: number;
    readonly all: number;
    readonly never: readonly string[];
  };
  /** Over the hashes of all seeds, in their order. */
  readonly hash: string;
}

const LINES_BEFORE = 20;
const SEEDS_TO_SEE_ALL = 150;
const MS_PER_HOUR = 3_600_000;
const TRANSITIONS = Object.entries(LIFECYCLE).flatMap(([state, events]) =>
  Object.keys(events).map((event) => `${state} ${event}`),
);

export async function sweep(
  options: SweepOptions,
  onSeed: (progress: SweepProgress) => void = () => undefined,
): Promise<SweepReport> {
  const { first, last, isToFirst = false, jobs = 1, run = runSeed, ...how } = options;
  const failed: FailedSeed[] = [];
  const seen = new Set<Sometimes>();
  const taken = new Set<string>();
  const hashes = new Map<number, string>();
  let [seeds, equalHashes, events, virtualMs] = [0, 0, 0, 0];
  const isSwarm = how.faults === undefined && !how.plan && !how.schedule && !how.workload;
  const wanted = isSwarm ? SOMETIMES : ((how.plan?.sometimes ?? []) as readonly Sometimes[]);
  let next = first;
  const work = async (): Promise<void> => {
    while (next <= last && !(isToFirst && failed.length > 0)) {
      const outcome = await run({ ...how, seed: next++ });
      seeds++;
      events += outcome.events;
      virtualMs += outcome.virtualMs;
      for (const what of outcome.seen) seen.add(what);
      for (const each of outcome.transitions) taken.add(each);
      hashes.set(outcome.seed, outcome.hash);
      if (outcome.isEqual) equalHashes++;
      if (outcome.failure) failed.push(outcome.failure);
      onSeed({ seeds, failed, virtualHours: virtualMs / MS_PER_HOUR });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return {
    seeds,
    failed: failed.toSorted((a, b) => a.seed - b.seed),
    equalHashes,
    events,
    virtualHours: virtualMs / MS_PER_HOUR,
    neverSeen: seeds >= SEEDS_TO_SEE_ALL ? wanted.filter((what) => !seen.has(what)) : [],
    transitions: {
      taken: taken.size,
      all: TRANSITIONS.length,
      never: TRANSITIONS.filter((each) => !taken.has(each)),
    },
    hash: digest([...hashes].sort(([a], [b]) => a - b).map(([, hash]) => hash)),
  };
}

const digest = (hashes: readonly string[]): string =>
  createHash('sha256').update(hashes.join('\n')).digest('hex');

/** Never rejects for what the cluster does: that is a failure of the seed. */
export async function runSeed({ isTwice = false, ...options }: SeedOptions): Promise<SeedOutcome> {
  const result = await simulate(options);
  const again = isTwice ? await simulate(options) : undefined;
  const { seed, hash, events, virtualMs, seen, transitions } = result;
  return {
    seed,
    hash,
    isEqual: again?.hash === hash,
    events: events + (again?.events ?? 0),
    virtualMs: virtualMs + (again?.virtualMs ?? 0),
    seen: [...seen],
    transitions: [...transitions],
    failure: failureOf(result, again),
  };
}

function failureOf(
  result: SimulationResult,
  again: SimulationResult | undefined,
): FailedSeed | undefined {
  const { seed, violations, lines } = result;
  const schedule = result.schedule.map(describeEvent);
  const [first] = violations;
  if (first) {
    const at = lines.findIndex((line) => line.includes('VIOLATION'));
    const shown = lines.slice(Math.max(0, at - LINES_BEFORE), at + 1);
    return { seed, ...first, schedule, lines: shown };
  }
  if (!again || again.hash === result.hash) return undefined;
  const at = lines.findIndex((line, index) => line !== again.lines[index]);
  const what = `the second run differs at event ${at}: ${again.lines[at] ?? 'nothing'}`;
  const shown = lines.slice(Math.max(0, at - LINES_BEFORE), at + 1);
  return { seed, invariant: 'determinism', what, schedule, lines: shown };
}
