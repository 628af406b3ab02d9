import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayWindow } from '../../../src/transport/replay-window.ts';
import { TokenBucket } from '../../../src/transport/token-bucket.ts';

it('takes each number once, in any order, and none that is far behind', () => {
  const words = 3;
  const size = (words - 1) * 32;
  const numbers = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 5_000 })),
  );
  fc.assert(
    fc.property(numbers, (sent) => {
      const window = new ReplayWindow(words);
      const taken = new Set<number>();
      let highest = 0;
      for (const number of sent) {
        const isStale = number === 0 || number + size <= highest;
        const expected = isStale ? 'stale' : taken.has(number) ? 'replayed' : 'new';
        expect(window.judge(number)).toBe(expected);
        if (expected !== 'new') continue;
        window.take(number);
        taken.add(number);
        highest = Math.max(highest, number);
      }
    }),
    { numRuns: 500 },
  );
});

it('keeps a rate over time, and lets a burst through', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
  const takenAt = (ms: number): number =>
    Array.from({ length: 20 }, () => bucket.take(ms)).filter(Boolean).length;
  expect([takenAt(0), takenAt(0), takenAt(100), takenAt(400), takenAt(60_000)]).toEqual([
    5, 0, 1, 3, 5,
  ]);
});
