import { describe, expect, it } from 'vitest';
import { exploreSeeds, SeedFailed } from '../../../src/testing.ts';

const failureOf = (promise: Promise<unknown>): Promise<SeedFailed> =>
  promise.then(
    () => expect.fail('nothing failed'),
    (thrown) => thrown,
  );

describe('exploreSeeds', () => {
  it('runs the body once for each seed, in order', async () => {
    const seeds: number[] = [];
    const report = await exploreSeeds({ from: 3, to: 6 }, (seed) => void seeds.push(seed));
    expect(seeds).toEqual([3, 4, 5, 6]);
    expect(report).toEqual({ seeds: 4 });
  });

  it('stops at the first seed that fails and says how to run it again', async () => {
    const seeds: number[] = [];
    const cause = new RangeError('out of tea');
    const failed = await failureOf(
      exploreSeeds({ from: 1, to: 100 }, async (seed) => {
        seeds.push(seed);
        if (seed >= 17) throw cause;
      }),
    );
    expect(failed).toBeInstanceOf(SeedFailed);
    expect(failed).toMatchObject({ seed: 17, passed: 16, cause });
    expect(failed.message).toBe(
      'seed 17 failed: RangeError: out of tea\nrun it again: exploreSeeds({ from: 17, to: 17 }, ...)',
    );
    expect(seeds.at(-1)).toBe(17);
  });

  it('fails a seed whose body asks the real world, even when the error is swallowed', async () => {
    const failed = await failureOf(
      exploreSeeds({ from: 1, to: 2 }, () => {
        try {
          Math.random();
        } catch {
          // Swallowed on purpose.
        }
      }),
    );
    expect(failed.message).toContain('seed 1 failed: Error: random was called in a simulation');
    expect(Math.random()).toBeLessThan(1);
  });

  it('lets the body print, and refuses what comes after', async () => {
    const { log } = console;
    const lines: unknown[] = [];
    console.log = (...values) => void lines.push(Date.now() > 0, ...values);
    try {
      const failed = await failureOf(
        exploreSeeds({ from: 1, to: 1 }, () => {
          console.log('here');
          performance.now();
        }),
      );
      expect(failed.message).toContain('now was called in a simulation');
    } finally {
      console.log = log;
    }
    expect(lines).toEqual([true, 'here']);
  });

  it('lets the body ask the real world where that is allowed', async () => {
    const ambient = 'allow' as const;
    await exploreSeeds({ from: 1, to: 1, ambient }, () => void Math.random());
  });

  it('refuses a range that is none, or too long', async () => {
    await expect(exploreSeeds({ from: 2, to: 1 }, () => undefined)).rejects.toThrow(
      'argument from, to: found {"from":2,"to":1}',
    );
    await expect(exploreSeeds({ from: 1, to: 100_001 }, () => undefined)).rejects.toThrow(
      'at most 100000 seeds',
    );
  });
});
