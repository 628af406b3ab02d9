/**
 * How much processor time does a node with two worker threads use in one second in which nothing happens? Beside two bare
 * workers that wait for a message.
 *
 *     node bench/threads/idle.ts
 */
import { contest } from '../harness/contest.ts';
import type { Measured } from '../harness/statistics.ts';
import { startNode } from './parts/node.ts';
import { startWorkers } from './parts/post-message.ts';

const IDLE_MS = 1_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The first second belongs to the start: what it compiled and collects late is no idling. */
async function idleCpuMs(): Promise<Measured> {
  await wait(IDLE_MS);
  const before = process.cpuUsage();
  await wait(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  return { value: (user + system) / 1_000, n: 1 };
}

await contest(import.meta.filename, [
  {
    suite: 'threads',
    metric: 'idle processor time in a second',
    unit: 'ms',
    contestants: {
      Skein: async () => {
        const { ask, start } = await startNode(['t1', 't2']);
        // A ref is good before its actor is: the answers show that both threads have loaded theirs.
        for (const thread of ['t1', 't2']) await ask(await start('adder', thread), 'add', 1);
        return idleCpuMs();
      },
      'bare workers': async () => {
        await startWorkers();
        return idleCpuMs();
      },
    },
  },
]);
