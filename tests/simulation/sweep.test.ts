import { describe, expect, it } from 'vitest';
import { FAULTS, simulate, sweep } from '../../src/chaos/index.ts';

const SEEDS = 200;
const SEEDS_TWICE = 10;

describe('a simulated cluster', () => {
  it('breaks no invariant, and meets everything that it should', async () => {
    const report = await sweep({ first: 1, last: SEEDS });
    expect(report.failed).toEqual([]);
    expect(report.neverSeen).toEqual([]);
    expect(report.seeds).toBe(SEEDS);
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
    const { violations, events } = await simulate({ seed: 3, nodes: 6, threads: 2, forMs: 5_000 });
    expect(violations).toEqual([]);
    expect(events).toBeGreaterThan(50_000);
  });
});
