/** How time passes for a body: real bodies are waited for, simulated ones are moved on. */
import { setTimeout as delay } from 'node:timers/promises';
import { vi } from 'vitest';
import type { SimulatedTime } from '../../src/host/index.ts';
import { until } from '../support/until.ts';

// Real threads and processes take what the machine takes to start them.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Passing {
  /** Lets time pass until it holds. */
  readonly until: (what: string, look: () => boolean) => Promise<void>;
  /** Lets at least this much time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

export const realPassing: Passing = {
  until: async (what, look) => void (await until(what, look)),
  pass: async (ms) => void (await delay(ms)),
};

const STEP_MS = 1;
const STEPS_MAX = 100_000;

export function simulatedPassing(time: SimulatedTime): Passing {
  return {
    until: async (what, look) => {
      for (let step = 0; step < STEPS_MAX; step++) {
        if (look()) return;
        await time.advance(STEP_MS);
      }
      throw new Error(`waited ${STEPS_MAX} virtual ms in vain: ${what}`);
    },
    pass: (ms) => time.advance(ms),
  };
}

/** What a promise settles with, in a body's time. */
export async function settled<T>(passing: Passing, what: string, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const seen = () => {
    isSettled = true;
  };
  promise.then(seen, seen);
  await passing.until(what, () => isSettled);
  return promise;
}
