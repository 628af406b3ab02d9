/**
 * A host is killed while its skill spins: from SIGKILL to the typed outcome. Beside a bare Node process (SIGKILL to its exit) and a
 * bare worker thread (`terminate` to its end).
 *
 *     node bench/sandbox/ends.ts
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DEFAULT_RESOURCES, success } from '../../src/contracts/index.ts';
import { grantsPolicy } from '../../src/sandbox/index.ts';
import { contest, type Question } from '../harness/contest.ts';
import { took } from '../harness/measure.ts';
import { percentile } from '../harness/statistics.ts';
import { requestOf, run, sandboxOf } from './parts/skein.ts';
import { bareWorker } from './parts/worker.ts';

const LIMIT_MS = 120_000;
const ENDS = 25;
const SPINNING = "export default async (_, ctx) => { await ctx.kv.get('spins'); for (;;); };";
const KV = { kv: true };
/** Longer than any kill takes: no other limit ends the run. */
const PATIENT = { ...DEFAULT_RESOURCES, cpuMs: 20_000, wallMs: 20_000 };

async function timesOf(one: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < ENDS; at++) times.push(await one());
  return times;
}

const CONTESTANTS: Readonly<Record<string, () => Promise<number[]>>> = {
  Skein: async () => {
    const { sandbox, lease } = await sandboxOf(0);
    const times = await timesOf(async () => {
      const host = await lease();
      const entered = Promise.withResolvers<void>();
      const get = async () => {
        entered.resolve();
        return success({ value: null, revision: 1 });
      };
      const absent = async () => success({ revision: 1 });
      const store = { get, put: absent, delete: async () => success(true), close: async () => {} };
      const request = { ...requestOf(SPINNING, PATIENT), grants: KV, policy: grantsPolicy(KV) };
      const effects = { keyValue: store } as unknown as typeof request.effects;
      const ended = run(host, { ...request, effects }, 'SANDBOX_DIED');
      await entered.promise;
      // The answer is on its way; ten milliseconds later the skill has it, and spins.
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 10);
      });
      return took(async () => {
        process.kill(host.pid ?? Number.NaN, 'SIGKILL');
        await ended;
      });
    });
    await sandbox.close();
    return times;
  },
  'Node process': () =>
    timesOf(async () => {
      const child = spawn(process.execPath, ['-e', 'console.log(1); for (;;);']);
      await once(child.stdout, 'data');
      const exited = once(child, 'exit');
      return took(async () => {
        child.kill('SIGKILL');
        await exited;
      });
    }),
  'worker thread': () =>
    timesOf(async () => {
      const worker = bareWorker();
      await worker.spin();
      return took(worker.end);
    }),
};

const question = (metric: string, share: number): Question => ({
  ...{ suite: 'sandbox', metric, unit: 'ms', limitMs: LIMIT_MS },
  contestants: Object.fromEntries(
    Object.entries(CONTESTANTS).map(([name, times]) => [
      name,
      async () => percentile(await times(), share),
    ]),
  ),
});

await contest(import.meta.filename, [
  question('SIGKILL to the outcome, p50', 0.5),
  question('SIGKILL to the outcome, p99', 0.99),
]);
