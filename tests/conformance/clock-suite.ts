/** What every body of the `Clock` port promises. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/contracts/index.ts';
import type { Passing } from './passing.ts';

export interface ClockBody {
  readonly name: string;
  readonly open: () => { readonly clock: Clock; readonly passing: Passing };
}

const YEAR_2020_MS = Date.UTC(2020, 0, 1);
const YEAR_2200_MS = Date.UTC(2200, 0, 1);
/** A wall reading of today's size has steps of a quarter of a microsecond. */
const ROUNDING_MS = 0.01;

export function clockSuite({ name, open }: ClockBody): void {
  describe(`clock: ${name}`, () => {
    test('measures time that never goes back', async () => {
      const { clock, passing } = open();
      let lastMs = clock.monotonicMs();
      for (let look = 0; look < 2_000; look++) {
        if (look % 200 === 0) await passing.pass(1);
        const nowMs = clock.monotonicMs();
        expect(nowMs).toBeGreaterThanOrEqual(lastMs);
        lastMs = nowMs;
      }
    });

    test('measures time that goes on', async () => {
      const { clock, passing } = open();
      const startMs = clock.monotonicMs();
      await passing.until('5 ms are over', () => clock.monotonicMs() >= startMs + 5);
    });

    test('stamps records with milliseconds since 1970', () => {
      const { clock } = open();
      expect(clock.wallMs()).toBeGreaterThan(YEAR_2020_MS);
      expect(clock.wallMs()).toBeLessThan(YEAR_2200_MS);
    });

    test('shows the same time on the wall as it measures', async () => {
      const { clock, passing } = open();
      const outerMs = clock.monotonicMs();
      const wallMs = clock.wallMs();
      const innerMs = clock.monotonicMs();
      await passing.pass(5);
      const innerEndMs = clock.monotonicMs();
      const wallEndMs = clock.wallMs();
      const outerEndMs = clock.monotonicMs();
      const elapsedMs = wallEndMs - wallMs;
      expect(elapsedMs).toBeGreaterThanOrEqual(innerEndMs - innerMs - ROUNDING_MS);
      expect(elapsedMs).toBeLessThanOrEqual(outerEndMs - outerMs + ROUNDING_MS);
    });

    test('can be read by a function that was taken from it', () => {
      const { wallMs, monotonicMs } = open().clock;
      expect([wallMs(), monotonicMs()].every(Number.isFinite)).toBe(true);
    });
  });
}
