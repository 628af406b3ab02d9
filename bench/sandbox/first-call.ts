/**
 * What does the wall of the sandbox cost? Time to the result of a small skill: its first call on a warm host, on a host
 * started for it, a later call on the same host, and the end of an endless one past its limit of 50 ms. Each beside
 * isolated-vm alone in this process (a fresh isolate, the same module, one call, or its own timeout), no process, no
 * prelude, no checks. The contestants take turns; one JSON object a line.
 *
 *     node bench/sandbox/first-call.ts
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RESOURCES } from '../../src/contracts/index.ts';
import { realClock } from '../../src/host/index.ts';
import type { HostProcess } from '../../src/sandbox/index.ts';
import { rawCall } from './parts/isolated.ts';
import { HONEST, requestOf, run, sandboxOf } from './parts/skein.ts';

// isolated-vm, the baseline, needs this flag in the process that loads it.
if (!process.execArgv.includes('--no-node-snapshot')) {
  const args = ['--no-node-snapshot', fileURLToPath(import.meta.url)];
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1);
}
const ROUNDS = 25;
const WARM_CALLS_A_ROUND = 8;
const LIMIT_MS = 50;
const ENDLESS = 'export default () => { for (;;); };';

const took = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = realClock.monotonicMs();
  await work();
  return realClock.monotonicMs() - startedMs;
};

const warm = await sandboxOf(1);
const fresh = await sandboxOf(0);
const times: Record<string, number[]> = {};
const note = (metric: string, ms: number): void => {
  times[metric] = [...(times[metric] ?? []), ms];
};

for (let round = 0; round < ROUNDS; round++) {
  await warm.settled();
  let host: HostProcess | undefined;
  note(
    'first result on a warm host',
    await took(async () => {
      host = await warm.lease();
      await run(host, requestOf(HONEST), 'ok');
    }),
  );
  await warm.settled();
  for (let call = 0; call < WARM_CALLS_A_ROUND; call++) {
    const same = host as HostProcess;
    note('later call on the same host', await took(() => run(same, requestOf(HONEST), 'ok')));
    note('raw call', await took(() => rawCall(HONEST)));
  }
  const limits = { ...DEFAULT_RESOURCES, cpuMs: LIMIT_MS };
  const endless = await took(() =>
    run(host as HostProcess, requestOf(ENDLESS, limits), 'SKILL_CPU_EXCEEDED'),
  );
  note('end of an endless call past its limit', endless - LIMIT_MS);
  note('raw end', (await took(() => rawCall(ENDLESS, LIMIT_MS))) - LIMIT_MS);
  note(
    'first result on a fresh host',
    await took(async () => {
      const started = await fresh.lease();
      await run(started, requestOf(HONEST), 'ok');
      started.dispose();
    }),
  );
}
await Promise.all([warm.sandbox.close(), fresh.sandbox.close()]);

const round3 = (value: number | undefined): number => Number((value ?? Number.NaN).toFixed(3));
const sorted = (metric: string): number[] => (times[metric] ?? []).toSorted((a, b) => a - b);
const middle = (values: readonly number[]): number | undefined =>
  values[Math.floor(values.length / 2)];

for (const metric of Object.keys(times).filter((name) => !name.startsWith('raw'))) {
  const raw = metric.startsWith('end') ? 'raw end' : 'raw call';
  const values = sorted(metric);
  const baselineMedian = middle(sorted(raw));
  const line = {
    suite: 'sandbox',
    metric,
    unit: 'ms',
    n: values.length,
    median: round3(middle(values)),
    min: round3(values[0]),
    max: round3(values.at(-1)),
    baseline: raw === 'raw end' ? 'isolated-vm timeout' : 'isolated-vm, fresh isolate and call',
    baselineMedian: round3(baselineMedian),
    ratio: round3((middle(values) ?? Number.NaN) / (baselineMedian ?? Number.NaN)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
