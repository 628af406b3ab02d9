/**
 * Calls of a small skill on a warm host, one after the other: how many a second, and how long one takes. Beside isolated-vm alone
 * in the same process (a fresh isolate for each call, as Skein has it, and one for all), a bare worker thread, and workerd over
 * loopback (one isolate for all).
 *
 *     node bench/sandbox/warm-calls.ts
 */
import { contest, type Question } from '../harness/contest.ts';
import { type Measured, percentile } from '../harness/statistics.ts';
import { ISOLATED_VM_FLAGS, rawCall, rawIsolate } from './parts/isolated.ts';
import { call, HONEST, sandboxOf } from './parts/skein.ts';
import { bareWorker } from './parts/worker.ts';
import { findWorkerd, startWorkerd } from './parts/workerd.ts';

const LIMIT_MS = 120_000;
const WARM_UP = 30;
const CALLS = 200;

async function timesOf(one: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < WARM_UP + CALLS; at++) {
    const startedMs = performance.now();
    await one();
    if (at >= WARM_UP) times.push(performance.now() - startedMs);
  }
  return times;
}

const CONTESTANTS: Readonly<Record<string, () => Promise<number[]>>> = {
  Skein: async () => {
    const { sandbox, lease } = await sandboxOf(1);
    const host = await lease();
    const times = await timesOf(() => call(host));
    await sandbox.close();
    return times;
  },
  'isolated-vm, an isolate a call': () => timesOf(() => rawCall(HONEST)),
  'isolated-vm, one isolate': async () => {
    const isolate = await rawIsolate(HONEST);
    return timesOf(() => isolate.call());
  },
  'worker thread': async () => {
    const worker = bareWorker();
    const times = await timesOf(worker.call);
    await worker.end();
    return times;
  },
  'workerd over loopback': async () => {
    const workerd = await startWorkerd(findWorkerd());
    const times = await timesOf(workerd.call);
    await workerd.end();
    return times;
  },
};

const question = (
  metric: string,
  unit: string,
  figure: (times: readonly number[]) => Measured,
): Question => ({
  ...{ suite: 'sandbox', metric, unit, flags: ISOLATED_VM_FLAGS, limitMs: LIMIT_MS },
  contestants: Object.fromEntries(
    Object.entries(CONTESTANTS).map(([name, times]) => [name, async () => figure(await times())]),
  ),
});

await contest(import.meta.filename, [
  question('warm calls', 'calls/s', (times) => ({
    value: (1_000 * times.length) / times.reduce((sum, ms) => sum + ms, 0),
    n: times.length,
  })),
  question('warm call, p50', 'ms', (times) => percentile(times, 0.5)),
  question('warm call, p99', 'ms', (times) => percentile(times, 0.99)),
]);
