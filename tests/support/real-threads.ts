/** A main actor system with real worker threads under a supervisor: what a node is made of, without skills. */
import type { NodeId, ThreadName } from '../../src/contracts/index.ts';
import { realPorts, realThreads } from '../../src/host/index.ts';
import { type ActorRef, ActorSystem } from '../../src/kernel/index.ts';
import {
  type Strategy,
  type SupervisorReport,
  startThreads,
  THREAD_MAIN_URL,
  ThreadGroup,
} from '../../src/supervisor/index.ts';
import { recordingLog } from './systems.ts';
import { until } from './until.ts';

export interface ThreadWorld {
  readonly system: ActorSystem;
  readonly group: ThreadGroup;
  readonly threads: ActorRef;
  readonly report: () => Promise<SupervisorReport>;
  readonly close: () => Promise<void>;
}

export async function startThreadWorld(
  names: readonly string[],
  options: {
    readonly strategy?: Strategy;
    readonly hangMs?: number;
    readonly heapMiB?: number;
  } = {},
): Promise<ThreadWorld> {
  const { log } = recordingLog();
  const node = 'n-threads' as NodeId;
  const heapMiB = options.heapMiB ?? 256;
  const system = new ActorSystem({ node, ports: realPorts, log });
  const group = new ThreadGroup({
    node,
    threads: realThreads({ main: THREAD_MAIN_URL, heapMiB, maxThreads: names.length + 1 }),
    ports: realPorts,
    log: { level: 'silent', format: 'json' },
    heapMiB,
    onSpans: () => undefined,
  });
  const { strategy, hangMs } = options;
  const threads = startThreads(system, {
    group,
    names: names as readonly ThreadName[],
    drainMs: 500,
    ...(strategy === undefined ? {} : { strategy }),
    ...(hangMs === undefined ? {} : { hangMs }),
  });
  await until('all threads are linked', () => system.remote.threads.length === names.length);
  return {
    system,
    group,
    threads,
    report: async () => {
      const result = await system.ask(threads, 'report', undefined);
      if (result.kind !== 'answered') throw new Error(result.error.message);
      return result.value as SupervisorReport;
    },
    close: async () => {
      await system.shutdown({ drainMs: 2_000 });
      await group.close();
    },
  };
}
