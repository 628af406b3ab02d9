import { defineConfig } from 'vitest/config';

const SEED = 'tests/support/property-seed.ts';

/** One project a kind of test; `npm test` runs them all. `unit` opens no socket: its set-up file forbids it. */
const project = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    // Many wait for processes; two at a time keep two cores busy.
    maxWorkers: 2,
    setupFiles: [SEED],
    ...options,
  },
});

export default defineConfig({
  test: {
    projects: [
      // A limit against endless loops, far from what a slow machine takes.
      project('unit', { testTimeout: 60_000, setupFiles: [SEED, 'tests/support/no-sockets.ts'] }),
      project('conformance', { testTimeout: 60_000, hookTimeout: 60_000 }),
      project('integration', { testTimeout: 60_000, hookTimeout: 60_000 }),
      // What measures processor time has the machine to itself.
      project('security', {
        testTimeout: 60_000,
        hookTimeout: 60_000,
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
      project('simulation', { testTimeout: 300_000 }),
      project('e2e', { testTimeout: 120_000, hookTimeout: 120_000 }),
    ],
  },
});
