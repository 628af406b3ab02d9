/** A node of two worker threads beside its main one, started as a real node starts them, with a supervisor over both. */
import type { NodeId, ThreadName } from '../../../src/contracts/index.ts';
import { realPorts, realThreads } from '../../../src/host/index.ts';
import {
  type ActorContext,
  type ActorRef,
  ActorSystem,
  defineActor,
} from '../../../src/kernel/index.ts';
import { startThreads, THREAD_MAIN_URL, ThreadGroup } from '../../../src/supervisor/index.ts';
import { quietLog } from '../../runtimes/skein.ts';
import { BENCH_ACTORS } from './actors.ts';

const HEAP_MIB = 512;
/** Longer than a measurement may take: a benchmark ends by its count or by its limit, not by this. */
const ASK_MS = 25_000;

export interface BenchNode {
  /** Starts the actor that the module exports by this name. */
  readonly start: (exportName: string, thread: string) => Promise<ActorRef>;
  readonly ask: (to: ActorRef, type: string, payload: unknown) => Promise<unknown>;
}

interface Start {
  readonly url: string;
  readonly exportName: string;
  readonly thread: ThreadName;
}

const launcher = defineActor({
  kind: 'launcher',
  initial: () => ({}),
  receive: {
    start: (_state, { url, exportName, thread }: Start, ctx: ActorContext) =>
      ctx.spawnOn({ url, exportName }, undefined, { thread }),
  },
});

/** `actors`: the URL of the module whose exports `start` names. */
export async function startNode(
  names: readonly string[],
  actors = BENCH_ACTORS,
): Promise<BenchNode> {
  const node = 'n-bench' as NodeId;
  const system = new ActorSystem({ node, ports: realPorts, log: quietLog });
  const group = new ThreadGroup({
    node,
    threads: realThreads({
      main: THREAD_MAIN_URL,
      heapMiB: HEAP_MIB,
      maxThreads: names.length + 1,
    }),
    ports: realPorts,
    log: { level: 'silent', format: 'json' },
    heapMiB: HEAP_MIB,
    onSpans: () => undefined,
  });
  startThreads(system, { group, names: names as readonly ThreadName[], drainMs: 500 });
  for (const name of names) {
    await new Promise<void>((resolve) => system.remote.whenConnected(name as ThreadName, resolve));
  }
  const parent = system.spawn(launcher, undefined);
  const ask = async (to: ActorRef, type: string, payload: unknown): Promise<unknown> => {
    const result = await system.ask(to, type, payload, { timeoutMs: ASK_MS });
    if (result.kind !== 'answered') throw new Error(result.error.message);
    return result.value;
  };
  return {
    ask,
    start: async (exportName, thread) =>
      (await ask(parent as ActorRef, 'start', { url: actors, exportName, thread })) as ActorRef,
  };
}
