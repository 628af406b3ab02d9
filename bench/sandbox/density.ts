/**
 * How many skills at rest does a GiB hold, each in an isolate of its own that has served one call? Proportional set size (PSS) of
 * all that was started: of host processes with what is around them, of isolates in one process, of worker threads.
 *
 *     node bench/sandbox/density.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { contest } from '../harness/contest.ts';
import type { Measured } from '../harness/statistics.ts';
import { ISOLATED_VM_FLAGS, type RawIsolate, rawIsolate } from './parts/isolated.ts';
import { call, HONEST, sandboxOf } from './parts/skein.ts';
import { bareWorker } from './parts/worker.ts';

const LIMIT_MS = 120_000;
const HOSTS = 12;
const ISOLATES = 60;
const KIB_OF_GIB = 1024 * 1024;

/** Empty for a process that has ended meanwhile. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Of this process and all that descend from it, in KiB. */
function pssKiB(): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readOf(Number(name), 'stat');
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ', 1)[0]));
  }
  const isOurs = (pid: number | undefined): boolean =>
    pid === process.pid || (pid !== undefined && pid > 1 && isOurs(parents.get(pid)));
  let sum = 0;
  for (const pid of [...parents.keys()].filter(isOurs)) {
    sum += Number(/^Pss:\s+(\d+)/m.exec(readOf(pid, 'smaps_rollup'))?.[1] ?? 0);
  }
  return sum;
}

async function inAGiB(count: number, fill: () => Promise<() => Promise<void>>): Promise<Measured> {
  globalThis.gc?.();
  const before = pssKiB();
  const end = await fill();
  globalThis.gc?.();
  const each = (pssKiB() - before) / count;
  await end();
  return { value: KIB_OF_GIB / each, n: count };
}

await contest(import.meta.filename, [
  {
    ...{ suite: 'sandbox', metric: 'skills at rest', unit: 'isolates/GiB' },
    ...{ flags: ISOLATED_VM_FLAGS, limitMs: LIMIT_MS },
    contestants: {
      Skein: async () => {
        const { sandbox, lease } = await sandboxOf(0, HOSTS + 2);
        return inAGiB(HOSTS, async () => {
          for (let at = 0; at < HOSTS; at++) await call(await lease());
          return sandbox.close;
        });
      },
      'isolated-vm, in one process': async () => {
        const first = await rawIsolate(HONEST);
        await first.call();
        return inAGiB(ISOLATES, async () => {
          const isolates: RawIsolate[] = [];
          for (let at = 0; at < ISOLATES; at++) {
            const isolate = await rawIsolate(HONEST);
            await isolate.call();
            isolates.push(isolate);
          }
          return async () => {
            for (const isolate of isolates) isolate.dispose();
          };
        });
      },
      'worker thread': async () => {
        const first = bareWorker();
        await first.call();
        const measured = await inAGiB(HOSTS, async () => {
          const workers = Array.from({ length: HOSTS }, bareWorker);
          for (const worker of workers) await worker.call();
          return async () => {
            for (const worker of workers) await worker.end();
          };
        });
        await first.end();
        return measured;
      },
    },
  },
]);
