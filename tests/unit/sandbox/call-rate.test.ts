import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallRate, callsWithin } from '../../../src/sandbox/call-rate.ts';
import '../../support/property-seed.ts';

function takenAt(rate: CallRate, nowMs: number, wanted: number): number {
  let taken = 0;
  while (taken < wanted && !rate.isEmpty(nowMs)) {
    rate.take();
    taken++;
  }
  return taken;
}

test('a bucket starts full, gives what time brings, and holds no more than a second', () => {
  const rate = new CallRate(10, 5_000);
  expect(takenAt(rate, 5_000, 100)).toBe(10);
  expect(takenAt(rate, 5_099, 100)).toBe(0);
  expect(takenAt(rate, 5_100, 100)).toBe(1);
  expect(takenAt(rate, 5_500, 100)).toBe(4);
  expect(takenAt(rate, 60_000, 100)).toBe(10);
});

test('no bucket lets more through than the node allows, however the clocks of both run', () => {
  const steps = fc.array(
    fc.record({
      passMs: fc.integer({ min: 0, max: 3_000 }),
      lagMs: fc.integer({ min: 0, max: 3_000 }),
      wanted: fc.integer({ min: 0, max: 60 }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 1e7 }),
      steps,
      (perSecond, earlierMs, all) => {
        const startMs = 1e9;
        // The run was planned earlier than it began; the guest's clock then follows the node's with a lag, and never goes back.
        const rate = new CallRate(perSecond, startMs - earlierMs);
        let nodeMs = startMs;
        let guestMs = startMs - earlierMs;
        let calls = 0;
        for (const { passMs, lagMs, wanted } of all) {
          nodeMs += passMs;
          guestMs = Math.max(guestMs, Math.min(nodeMs, nodeMs - lagMs));
          calls += takenAt(rate, guestMs, wanted);
          expect(calls).toBeLessThanOrEqual(callsWithin(perSecond, nodeMs - startMs));
        }
      },
    ),
  );
});
