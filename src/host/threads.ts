/**
 * Real worker threads, by Piscina: each actor thread is one long task of the pool, so the pool starts, watches and ends it.
 * How the task ended is turned into a typed exit. Heartbeats are counted in shared memory, readable while a thread hangs.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type FramePort, reasonOf, type ThreadExit, type Threads } from '../contracts/index.ts';
import { framePort } from './frame-port.ts';
import { type RingEnd, ringEnds, ringPort } from './ring-port.ts';
import type { ThreadTask } from './thread-entry.ts';

export interface RealThreadsOptions {
  /** URL of the module whose default export runs on each thread; see `ThreadMain`. */
  readonly main: string;
  readonly heapMiB: number;
  readonly maxThreads: number;
}

const sibling = (name: string): string => {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./${name}${extension}`, import.meta.url).href;
};

export function realThreads({ main, heapMiB, maxThreads }: RealThreadsOptions): Threads {
  const pool = new Piscina({
    filename: sibling('thread-entry'),
    minThreads: 0,
    maxThreads,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
    recordTiming: false,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  // Failures of single workers arrive as rejections of their tasks.
  pool.on('error', () => undefined);

  return {
    start: ({ name, boot }) => {
      const control = new MessageChannel();
      const beats = new Int32Array(new SharedArrayBuffer(4));
      const abort = new AbortController();
      let ordered: ThreadExit | undefined;
      const task: ThreadTask = { name, main, boot, control: control.port2, beats };
      // The library infers its list type from an overload of postMessage that takes no list.
      const transferList = [control.port2] as never;
      const run = pool.run(task, { transferList, signal: abort.signal });
      const exited = run.then(
        (): ThreadExit => ordered ?? { kind: 'stopped' },
        (thrown: unknown): ThreadExit => ordered ?? exitOf(thrown),
      );
      const { port, send } = framePort(control.port1);
      void exited.then(() => port.close());
      return {
        control: port,
        exited,
        heartbeats: () => Atomics.load(beats, 0),
        terminate: (reason) => {
          ordered ??= reason;
          abort.abort();
        },
        connect: (peer, end) => send({ peer, end }, [(end as RingEnd).port]),
      };
    },
    channel: () => {
      const { port1, port2 } = new MessageChannel();
      return ringEnds(port1, port2);
    },
    open: (end): FramePort => ringPort(end as RingEnd),
    close: () => pool.destroy(),
  };
}

function exitOf(thrown: unknown): ThreadExit {
  const { code, stack } = (thrown ?? {}) as { readonly code?: string; readonly stack?: string };
  const message = reasonOf(thrown);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'heap-exhausted', message };
  const exit = /exited with code:? (\d+)/.exec(message);
  if (exit) return { kind: 'exited', exitCode: Number(exit[1]) };
  return { kind: 'threw', message, ...(stack === undefined ? {} : { stack }) };
}
