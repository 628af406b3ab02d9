/** Membership, leases, delegation, virtual actors and hand-over in the simulator, with the profile that comes with Skein. */
import { describe, expect, it } from 'vitest';
import {
  type FaultPlan,
  loadProfile,
  runSeed,
  type SeedOptions,
  simulate,
  sweep,
} from '../../src/chaos/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';

const SEEDS = 40;
const SEEDS_TWICE = 5;
const plan: FaultPlan = valueIn(await loadProfile('cluster'));

describe('the profile `cluster`', () => {
  it('breaks no invariant, and meets everything that it should', async () => {
    const seen = new Set<string>();
    const run = async (options: SeedOptions) => {
      const outcome = await runSeed(options);
      for (const what of outcome.seen) seen.add(what);
      return outcome;
    };
    const report = await sweep({ first: 1, last: SEEDS, plan, run });
    expect(report.failed).toEqual([]);
    const missing = plan.sometimes?.filter((what) => !seen.has(what)) ?? [];
    expect(missing).toEqual([]);
  });

  it('does the same, event by event, whenever a seed is run', async () => {
    const report = await sweep({ first: 501, last: 500 + SEEDS_TWICE, isTwice: true, plan });
    expect(report).toMatchObject({ failed: [], equalHashes: SEEDS_TWICE });
  });

  it('draws another schedule and another cluster for every seed', async () => {
    const runs = [];
    for (let seed = 1; seed <= 8; seed++) runs.push(await simulate({ seed, plan, forMs: 5_000 }));
    expect(new Set(runs.map(({ schedule }) => JSON.stringify(schedule))).size).toBe(8);
    expect(new Set(runs.map(({ nodes }) => nodes)).size).toBeGreaterThan(1);
  });

  it('runs beside actors and runs', async () => {
    const { violations, seen } = await simulate({ seed: 2, plan, workload: 'all', threads: 1 });
    expect(violations).toEqual([]);
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'an ask was answered',
        'a client was served',
        'a step was done on another node',
        'an actor was passivated and came back',
      ]),
    );
  });
});
