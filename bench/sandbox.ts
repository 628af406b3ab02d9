/**
 * What does the wall of the sandbox cost? Time to the result of a small skill: its first call on a warm host, on a host
 * started for it, a later call on the same host, and the end of an endless one past its limit of 50 ms. Each beside
 * isolated-vm alone in this process (a fresh isolate, the same module, one call, or its own timeout), no process, no
 * prelude, no checks. The contestants take turns; one JSON object a line.
 *
 *     node bench/sandbox.ts
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type CorrelationId,
  DEFAULT_RESOURCES,
  type ResourceContract,
  type TenantId,
} from '../src/contracts/index.ts';
import { realClock, realProcesses, realTimers } from '../src/host/index.ts';
import { type HostProcess, type RunRequest, startSandbox } from '../src/sandbox/index.ts';

// isolated-vm, the baseline, needs this flag in the process that loads it.
if (!process.execArgv.includes('--no-node-snapshot')) {
  const args = ['--no-node-snapshot', fileURLToPath(import.meta.url)];
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1);
}
const { default: ivm } = await import('isolated-vm');

const ROUNDS = 25;
const WARM_CALLS_A_ROUND = 8;
const LIMIT_MS = 50;
const HONEST = 'export default async (input) => ({ sum: input.a + input.b });';
const ENDLESS = 'export default () => { for (;;); };';
const TENANT = 'bench' as TenantId;

const request = (source: string, resources: ResourceContract = DEFAULT_RESOURCES): RunRequest => ({
  skill: {
    manifest: { name: 'sum', version: '1.0.0', description: 'Adds.', input: true, output: true },
    source,
    contentHash: '0'.repeat(64),
  },
  tenant: TENANT,
  input: { a: 1, b: 2 },
  resources,
  grants: {},
  seed: 'bench',
  startWallMs: 0,
  correlationId: '1'.repeat(32) as CorrelationId,
  attempt: 1,
  effects: {},
});

const took = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = realClock.monotonicMs();
  await work();
  return realClock.monotonicMs() - startedMs;
};

const sandboxOf = async (warmHosts: number) => {
  const started = await startSandbox({
    ports: { clock: realClock, timers: realTimers },
    processes: realProcesses,
    warmHosts,
  });
  if (!started.ok) throw new Error(started.error.message);
  const lease = async (): Promise<HostProcess> => {
    const leased = await started.value.lease(TENANT);
    if (!leased.ok) throw new Error(leased.error.message);
    return leased.value;
  };
  return { lease, sandbox: started.value };
};

async function run(host: HostProcess, what: RunRequest, expected: string): Promise<void> {
  const { result } = await host.run(what);
  const outcome = result.ok ? 'ok' : result.error.code;
  if (outcome !== expected) throw new Error(`expected ${expected}, found ${outcome}`);
}

/** A fresh isolate with the skill's module; the call is timed by the caller's choice of what to await. */
async function rawCall(source: string, timeout?: number): Promise<void> {
  const isolate = new ivm.Isolate({ memoryLimit: DEFAULT_RESOURCES.memoryMiB });
  const context = await isolate.createContext();
  const module = await isolate.compileModule(source);
  await module.instantiate(context, () => {
    throw new Error('no imports');
  });
  await module.evaluate();
  const handler = await module.namespace.get('default', { reference: true });
  const options = { arguments: { copy: true }, result: { promise: true, copy: true } } as const;
  await handler
    .apply(undefined, [{ a: 1, b: 2 }], { ...options, ...(timeout ? { timeout } : {}) })
    .catch(() => undefined);
  isolate.dispose();
}

/** The stock is refilled in the background; a round waits for it, so that it measures a warm lease. */
async function settleStock(counts: () => { warm: number }): Promise<void> {
  while (counts().warm < 1) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

const warm = await sandboxOf(1);
const fresh = await sandboxOf(0);
const times: Record<string, number[]> = {};
const note = (metric: string, ms: number): void => {
  times[metric] = [...(times[metric] ?? []), ms];
};

// The sandbox's own first host stays in its stock even with `warmHosts: 0`: it is used up here.
(await fresh.lease()).dispose();
for (let round = 0; round < ROUNDS; round++) {
  await settleStock(warm.sandbox.hostCounts);
  let host: HostProcess | undefined;
  note(
    'first result on a warm host',
    await took(async () => {
      host = await warm.lease();
      await run(host, request(HONEST), 'ok');
    }),
  );
  await settleStock(warm.sandbox.hostCounts);
  for (let call = 0; call < WARM_CALLS_A_ROUND; call++) {
    const same = host as HostProcess;
    note('later call on the same host', await took(() => run(same, request(HONEST), 'ok')));
    note('raw call', await took(() => rawCall(HONEST)));
  }
  const limits = { ...DEFAULT_RESOURCES, cpuMs: LIMIT_MS };
  const endless = await took(() =>
    run(host as HostProcess, request(ENDLESS, limits), 'SKILL_CPU_EXCEEDED'),
  );
  note('end of an endless call past its limit', endless - LIMIT_MS);
  note('raw end', (await took(() => rawCall(ENDLESS, LIMIT_MS))) - LIMIT_MS);
  note(
    'first result on a fresh host',
    await took(async () => {
      const started = await fresh.lease();
      await run(started, request(HONEST), 'ok');
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
