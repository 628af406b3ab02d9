/**
 * How many asks a second between two worker threads, 64 in flight? Beside bare workers that match answers to questions by
 * number, and beside comedy, whose caller sits on the main thread.
 *
 *     node bench/threads/ask.ts
 */
import { contest } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import { startThreadedComedy } from '../runtimes/comedy.ts';
import { askInLanes } from './parts/load.ts';
import { startNode } from './parts/node.ts';
import { startWorkers } from './parts/post-message.ts';

const LANES = 64;
const options = { step: LANES, scale: 1e3 };

await contest(import.meta.filename, [
  {
    suite: 'threads',
    metric: 'ask, 64 in flight',
    unit: 'k asks/s',
    contestants: {
      Skein: async () => {
        const { ask, start } = await startNode(['t1', 't2']);
        const from = await start('asker', 't1');
        const to = await start('adder', 't2');
        return rate(async (n) => void (await ask(from, 'many', { to, n, lanes: LANES })), options);
      },
      postMessage: async () => {
        const work = await startWorkers();
        return rate(async (n) => void (await work({ kind: 'many', n, lanes: LANES })), options);
      },
      comedy: async () => {
        const actor = await startThreadedComedy('/threads/parts/comedy-actor.cjs');
        const ask = (value: number): Promise<unknown> => actor.sendAndReceive('add', value);
        return rate((n) => askInLanes({ n, lanes: LANES }, ask), options);
      },
    },
  },
]);
