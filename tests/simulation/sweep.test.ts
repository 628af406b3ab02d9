import { describe, expect, it } from 'vitest';
import {
  FAULTS,
  type MakeChecker,
  readFaultPlan,
  shrink,
  simulate,
  sweep,
  sweepPool,
} from '../../src/chaos/index.ts';

const SEEDS = 200;
const SEEDS_TWICE = 10;

describe('a simulated cluster', () => {
  it('breaks no invariant, and meets everything that it should', async () => {
    const report = await sweep({ first: 1, last: SEEDS });
    expect(report.failed).toEqual([]);
    expect(report.neverSeen).toEqual([]);
    expect(report.seeds).toBe(SEEDS);
    expect(report.transitions.taken).toBeGreaterThanOrEqual(14);
  });

  it('does the same, event by event, whenever a seed is run', async () => {
    const report = await sweep({ first: 1_001, last: 1_000 + SEEDS_TWICE, isTwice: true });
    expect(report).toMatchObject({ failed: [], equalHashes: SEEDS_TWICE });
  });

  it.each(Object.keys(FAULTS))('bears "%s" alone, again and again', async (fault) => {
    const { violations, lines } = await simulate({ seed: 7, faults: [fault], forMs: 40_000 });
    expect(violations).toEqual([]);
    expect(lines.filter((line) => line.includes(' FAULT ')).length).toBeGreaterThan(2);
  });

  it('grows: more nodes and threads', async () => {
    const { violations, events } = await simulate({ seed: 3, nodes: 6, threads: 2, forMs: 15_000 });
    expect(violations).toEqual([]);
    expect(events).toBeGreaterThan(50_000);
  });

  it('does the same on several threads as on one', async () => {
    const range = { first: 1, last: 4, forMs: 2_000 };
    const pool = sweepPool(2);
    const [one, several] = [await sweep(range), await sweep({ ...range, jobs: 2, run: pool.run })];
    await pool.close();
    expect(several).toEqual(one);
  });
});

describe('a plan', () => {
  const plan = (text: string) => {
    const read = readFaultPlan(text, 'plan.yaml');
    if (!read.ok) throw new Error(read.error.message);
    return read.value;
  };

  it('decides what happens: targets by the seed, no more nodes than its blast radius', async () => {
    const text = `
version: 1
title: one node after the other
steadyState: { answersWithinMs: 5000 }
blastRadius: { nodes: 1 }
faults:
  - { fault: crash-node, everyMs: 2000, forMs: 1500, target: { any: 1 } }
  - { fault: hang-thread, atMs: 500, everyMs: 2000, forMs: 1000, target: { names: [n-2/t1] } }
`;
    const result = await simulate({ seed: 5, forMs: 8_000, plan: plan(text) });
    expect(result.violations).toEqual([]);
    const crashes = result.schedule.filter(({ fault }) => fault === 'crash-node');
    expect(crashes.map(({ atMs }) => atMs)).toEqual([0, 2_000, 4_000, 6_000]);
    const hangs = result.schedule.filter(({ fault }) => fault === 'hang-thread');
    const besideCrash = hangs.filter(({ atMs }) =>
      crashes.some((each) => each.target !== 'n-2' && Math.abs(each.atMs + 500 - atMs) < 1),
    );
    expect(besideCrash).toEqual([]);
    const again = await simulate({ seed: 5, forMs: 8_000, plan: plan(text) });
    expect(again.hash).toBe(result.hash);
  });

  it('that breaks something shrinks to what matters', async () => {
    const text = `
version: 1
title: two crashes among much else
faults:
  - { fault: noop, everyMs: 4000, forMs: 100 }
  - { fault: clock-jump, everyMs: 4000, forMs: 100, target: { any: 1 } }
  - { fault: crash-node, atMs: 3000, forMs: 500, target: { names: [n-1] } }
  - { fault: crash-node, atMs: 9000, forMs: 500, target: { names: [n-2] } }
`;
    /** A promise that cannot be kept with both. */
    const onlyOneCrash: MakeChecker = (report) => {
      const crashed = new Set<string>();
      return {
        name: 'only one crash',
        hear: (fact) => {
          if (fact.kind === 'loss') crashed.add(fact.what);
          if (crashed.size > 1) report('only one crash', [...crashed].join(', '));
        },
        finish: () => undefined,
      };
    };
    const how = { seed: 1, forMs: 20_000, plan: plan(text), checkers: [onlyOneCrash] };
    const shrunk = await shrink(how);
    expect(shrunk).toMatchObject({ invariant: 'only one crash', nodes: 2, forMs: 9_500 });
    expect(shrunk?.schedule.map(({ fault, target }) => `${fault} ${target}`)).toEqual([
      'crash-node n-1',
      'crash-node n-2',
    ]);
  });
});
