/** Owners under partitions, pauses, crashes, lost answers and clocks of different rates: never two at once, always one again. */
import { describe, expect, it } from 'vitest';
import type { Json, SharedState } from '../../src/contracts/index.ts';
import { heal, type Troubles, trouble } from '../support/ownership-troubles.ts';
import { OwnershipWorld, type OwnershipWorldOptions } from '../support/ownership-world.ts';

const SEEDS = 320;
const PLANTED_SEEDS = 25;
const TROUBLE_MS = 24_000;

interface Outcome {
  readonly violations: readonly string[];
  readonly unowned: readonly string[];
  readonly counts: OwnershipWorld['counts'];
}

async function live(options: OwnershipWorldOptions, troubles: Troubles): Promise<Outcome> {
  const world = new OwnershipWorld(options);
  await world.begin();
  await trouble(world, troubles, TROUBLE_MS);
  const unowned = await heal(world);
  return { violations: world.violations, unowned, counts: world.counts };
}

const PAUSES: Troubles = { pauses: true, rollbacks: false };
const ROLLBACKS: Troubles = { pauses: true, rollbacks: true };

/** How many of some seeds find a bug. */
async function found(
  options: Omit<OwnershipWorldOptions, 'seed'>,
  troubles: Troubles,
): Promise<number> {
  let failed = 0;
  for (let seed = 1; seed <= PLANTED_SEEDS; seed++) {
    const { violations } = await live({ ...options, seed: `planted/${seed}` }, troubles);
    if (violations.length > 0) failed++;
  }
  return failed;
}

describe('ownership by lease', () => {
  it('never lets two own a key at once, and has every key owned after the healing', async () => {
    const total = { activations: 0, acts: 0, accepted: 0, refused: 0, failedStarts: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const terms = { isStateForgetful: seed % 4 === 0 };
      const { violations, unowned, counts } = await live(
        { seed, nodes: 2 + (seed % 3), terms },
        PAUSES,
      );
      expect({ seed, violations, unowned }).toEqual({ seed, violations: [], unowned: [] });
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name];
    }
    expect(total.activations).toBeGreaterThan(SEEDS * 10);
    expect(total.acts).toBeGreaterThan(SEEDS * 1_000);
    expect(total.refused).toBeGreaterThan(SEEDS / 4);
    expect(total.failedStarts).toBeGreaterThan(SEEDS / 4);
  });

  it('never lets two own a key at once when the state loses acknowledged writes', async () => {
    const terms = { isStateForgetful: true };
    for (let seed = 1; seed <= SEEDS / 2; seed++) {
      const { violations, unowned } = await live({ seed, terms, losesWrites: true }, ROLLBACKS);
      expect({ seed, violations, unowned }).toEqual({ seed, violations: [], unowned: [] });
    }
  });

  it('does the same whenever a seed is run', async () => {
    const options = { seed: 'twice', nodes: 4 };
    expect(await live(options, PAUSES)).toEqual(await live(options, PAUSES));
  });
});

describe('the checkers find', () => {
  it.each<readonly [string, Omit<OwnershipWorldOptions, 'seed'>, Troubles]>([
    ['leases without a margin under clocks that drift', { terms: { driftRatio: 0 } }, PAUSES],
    [
      'an owner that does not look at its lease after a pause',
      { planted: { ignoresHold: true } },
      PAUSES,
    ],
    ['writes over whatever is there', { planted: { wrap: overwriting } }, PAUSES],
    ['nodes that do not wait until a lease has run out', { planted: { wrap: impatient } }, PAUSES],
    ['trust in a state that loses writes', { losesWrites: true }, ROLLBACKS],
  ])('%s', async (_bug, options, troubles) => {
    expect(await found(options, troubles)).toBeGreaterThan(0);
  });
});

function overwriting(state: SharedState): SharedState {
  return { ...state, update: state.put };
}

function impatient(state: SharedState): SharedState {
  const hasty = (value: Json): Json => ({ ...(value as object), ttlMs: 1_500 });
  return {
    ...state,
    watch: (prefix, onChange) =>
      state.watch(prefix, (change) =>
        onChange(change.kind === 'entry' ? { ...change, value: hasty(change.value) } : change),
      ),
  };
}
