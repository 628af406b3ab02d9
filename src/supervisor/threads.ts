/** The worker threads of a node as a supervision tree: one keeper a thread under one supervisor. */
import type { ThreadName } from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import type { Strategy } from './strategy.ts';
import { supervisor } from './supervisor.ts';
import type { ThreadGroup } from './thread-group.ts';
import { threadKeeper } from './thread-keeper.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** What a real worker thread runs. */
export const THREAD_MAIN_URL = new URL(`./thread-main${extension}`, import.meta.url).href;

export interface ThreadOptions {
  readonly group: ThreadGroup;
  readonly names: readonly ThreadName[];
  readonly strategy?: Strategy;
  readonly hangMs?: number;
  readonly drainMs: number;
}

export const THREAD_STRATEGY: Strategy = {
  scope: 'one-for-one',
  intensity: { maxRestarts: 5, windowMs: 60_000 },
  backoff: { minMs: 50, maxMs: 5_000, jitterRatio: 0.2 },
};

/** Starts the threads; the supervisor's ref answers `report`. When threads keep failing, the node ends with the reason. */
export function startThreads(system: ActorSystem, options: ThreadOptions): ActorRef {
  const { group, names, strategy = THREAD_STRATEGY, hangMs, drainMs } = options;
  group.attach(system);
  const hang = hangMs === undefined ? {} : { hangMs };
  const children = names.map((thread) => ({
    name: thread,
    actor: { definition: threadKeeper, args: { group, thread, drainMs, ...hang } },
  }));
  return system.spawn(supervisor, { strategy, children }, { name: 'threads' });
}
