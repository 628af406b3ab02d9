/** A test body run for one seed after the other, until one fails: how races are found that a single run does not meet. */
import { reasonOf } from '../contracts/index.ts';
import { closeWorld } from './closed-world.ts';
import { requireArgument } from './expectation.ts';

export interface SeedRange {
  readonly from: number;
  /** Inclusive; at most 100,000 seeds. */
  readonly to: number;
  /**
   * `refuse` (default): while the body runs, whoever asks the real world for time, chance or a timer gets an error, since the
   * seed would no longer decide everything; printing is let through. `allow`: nobody looks.
   */
  readonly ambient?: 'refuse' | 'allow';
}

export interface SeedReport {
  readonly seeds: number;
}

/** The body failed with a seed, or asked the real world. `cause` is what it threw. */
export class SeedFailed extends Error {
  readonly seed: number;
  /** Seeds that passed before. */
  readonly passed: number;

  constructor(
    { seed, passed }: { readonly seed: number; readonly passed: number },
    cause: unknown,
  ) {
    const again = `exploreSeeds({ from: ${seed}, to: ${seed} }, ...)`;
    super(`seed ${seed} failed: ${reasonOf(cause)}\nrun it again: ${again}`, { cause });
    this.name = 'SeedFailed';
    this.seed = seed;
    this.passed = passed;
  }
}

const SEEDS_MAX = 100_000;

/**
 * Runs `body` for each seed, in order; it makes its systems or clusters from the seed and throws when something is wrong.
 * @throws SeedFailed at the first seed that fails, with the call that runs it again; ARGUMENT_INVALID as a `SkeinException`
 */
export async function exploreSeeds(
  { from, to, ambient = 'refuse' }: SeedRange,
  body: (seed: number) => Promise<void> | void,
): Promise<SeedReport> {
  const isRange = Number.isInteger(from) && Number.isInteger(to) && from <= to;
  requireArgument(isRange && to - from < SEEDS_MAX, 'from, to', {
    found: { from, to },
    expected: `whole numbers, from <= to, at most ${SEEDS_MAX} seeds`,
  });
  for (let seed = from; seed <= to; seed++) {
    const failed = await (ambient === 'refuse' ? closedOff(seed, body) : attempt(seed, body));
    if (failed) throw new SeedFailed({ seed, passed: seed - from }, failed.thrown);
  }
  return { seeds: to - from + 1 };
}

type Attempt = { readonly thrown: unknown } | undefined;

async function attempt(
  seed: number,
  body: (seed: number) => Promise<void> | void,
): Promise<Attempt> {
  try {
    await body(seed);
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}

/** An ambient call fails the seed even when somebody swallows its error. */
async function closedOff(
  seed: number,
  body: (seed: number) => Promise<void> | void,
): Promise<Attempt> {
  let ambient: Attempt;
  const open = closeWorld((call) => {
    ambient ??= { thrown: call };
  });
  try {
    return (await attempt(seed, body)) ?? ambient;
  } finally {
    open();
  }
}
