import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PeerHealth } from '../../../src/cluster/membership/peer-health.ts';
import type { NodeId } from '../../../src/contracts/index.ts';

const NODE = 'n-peer' as NodeId;

/** Asks every second; `answersAfterMs` of each question, undefined for none. */
function lived(answersAfterMs: readonly (number | undefined)[]) {
  const health = new PeerHealth();
  let nowMs = 0;
  for (const [seq, afterMs] of answersAfterMs.entries()) {
    nowMs = seq * 1_000;
    health.asked(NODE, seq, nowMs);
    if (afterMs === undefined) continue;
    health.heard(NODE, nowMs + afterMs);
    health.answered(NODE, seq, nowMs + afterMs);
  }
  return health.report(nowMs + 1_000)[0];
}

it('is 1 for a member that always answers, with its round trip and when it was heard', () => {
  expect(lived(Array(20).fill(40))).toEqual({
    node: NODE,
    score: 1,
    roundTripMs: 40,
    heardMsAgo: 960,
  });
});

it('falls with each question in vain, and rises again', () => {
  const silent = lived([...Array(5).fill(10), ...Array(8).fill(undefined)]);
  expect(silent?.score).toBeLessThan(0.5);
  expect(silent?.heardMsAgo).toBeGreaterThan(8_000);
  const back = lived([...Array(5).fill(10), ...Array(8).fill(undefined), ...Array(30).fill(10)]);
  expect(back?.score).toBeGreaterThan(0.95);
});

it('stays between 0 and 1, and counts no answer to another question', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(900), { nil: undefined })), (answers) => {
      const score = lived(answers)?.score ?? 1;
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }),
  );
  const health = new PeerHealth();
  health.asked(NODE, 7, 0);
  health.answered(NODE, 6, 10);
  expect(health.report(10)[0]?.roundTripMs).toBeNull();
  health.forget(NODE);
  expect(health.report(10)).toEqual([]);
});
