/**
 * From nothing to the first result of a small skill: a host process with its wall, beside an isolate in a process that runs, a
 * bare worker thread, a bare Node process, and workerd.
 *
 *     node bench/sandbox/cold-start.ts
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { contest } from '../harness/contest.ts';
import { took } from '../harness/measure.ts';
import { type Measured, percentile } from '../harness/statistics.ts';
import { ISOLATED_VM_FLAGS, rawCall } from './parts/isolated.ts';
import { call, HONEST, sandboxOf } from './parts/skein.ts';
import { bareWorker } from './parts/worker.ts';
import { findWorkerd, startWorkerd } from './parts/workerd.ts';

const LIMIT_MS = 120_000;
const STARTS = 9;

async function starts(one: () => Promise<() => unknown>): Promise<Measured> {
  const times: number[] = [];
  for (let at = 0; at < STARTS; at++) {
    let end: () => unknown = () => undefined;
    times.push(
      await took(async () => {
        end = await one();
      }),
    );
    await end();
  }
  return percentile(times, 0.5);
}

await contest(import.meta.filename, [
  {
    ...{
      suite: 'sandbox',
      metric: 'cold start',
      unit: 'ms',
      flags: ISOLATED_VM_FLAGS,
      limitMs: LIMIT_MS,
    },
    contestants: {
      Skein: async () => {
        const { sandbox, lease } = await sandboxOf(0);
        const measured = await starts(async () => {
          const host = await lease();
          await call(host);
          return host.dispose;
        });
        await sandbox.close();
        return measured;
      },
      'isolated-vm, an isolate a call': () =>
        starts(async () => {
          await rawCall(HONEST);
          return () => undefined;
        }),
      'worker thread': () =>
        starts(async () => {
          const worker = bareWorker();
          await worker.call();
          return worker.end;
        }),
      'Node process': () =>
        starts(async () => {
          const child = spawn(process.execPath, ['-e', 'console.log(3)']);
          await once(child.stdout, 'data');
          return () => once(child, 'exit');
        }),
      'workerd over loopback': async () => {
        const file = findWorkerd();
        return starts(async () => {
          const workerd = await startWorkerd(file);
          await workerd.call();
          return workerd.end;
        });
      },
    },
  },
]);
