import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulatedTime } from '../../../src/host/index.ts';
import { Deadline, Deadlines } from '../../../src/kernel/deadlines.ts';

const BUCKET_MS = 8;

class Recorded extends Deadline {
  readonly atMs: number;
  expiredAtMs: number | undefined;
  isCancelled = false;
  readonly #nowMs: () => number;

  constructor(atMs: number, nowMs: () => number) {
    super();
    this.atMs = atMs;
    this.#nowMs = nowMs;
  }

  expire(): void {
    expect(this.isCancelled || this.expiredAtMs !== undefined).toBe(false);
    this.expiredAtMs = this.#nowMs();
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), inMs: fc.oneof(fc.nat(50), fc.nat(9_000)) }),
  fc.record({ do: fc.constant('cancel' as const), which: fc.nat(30) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(40), fc.nat(3_000)) }),
);

describe('deadlines', () => {
  it('fire once each, never early, at most a bucket late, and never once cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const time = simulatedTime();
        const { clock } = time;
        const deadlines = new Deadlines(clock, time.timers);
        const all: Recorded[] = [];
        for (const each of steps) {
          if (each.do === 'add') {
            const nowMs = clock.monotonicMs();
            const deadline = new Recorded(nowMs + each.inMs, clock.monotonicMs);
            deadlines.add(deadline, deadline.atMs, nowMs);
            all.push(deadline);
          } else if (each.do === 'cancel') {
            const deadline = all[each.which];
            if (!deadline || deadline.isCancelled || deadline.expiredAtMs !== undefined) continue;
            deadlines.cancel(deadline);
            deadline.isCancelled = true;
          } else {
            await time.advance(each.ms);
          }
        }
        await time.advance(10_000);
        expect(deadlines.size).toBe(0);
        for (const { isCancelled, expiredAtMs = Number.NaN, atMs } of all) {
          if (isCancelled) expect(expiredAtMs).toBeNaN();
          else {
            expect(expiredAtMs).toBeGreaterThanOrEqual(atMs);
            expect(expiredAtMs).toBeLessThanOrEqual(atMs + 2 * BUCKET_MS);
          }
        }
        expect(time.pendingTimers()).toBe(0);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('set one timer for thousands, not one each', async () => {
    const time = simulatedTime();
    const deadlines = new Deadlines(time.clock, time.timers);
    const all = Array.from({ length: 5_000 }, () => new Recorded(5_000, time.clock.monotonicMs));
    for (const each of all) deadlines.add(each, each.atMs, 0);
    expect(time.pendingTimers()).toBe(1);
    for (const each of all) deadlines.cancel(each);
    await time.advance(200);
    expect(time.pendingTimers()).toBe(0);
  });
});
