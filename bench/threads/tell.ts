/**
 * How many objects of 100 B a second go from an actor on one worker thread to an actor on another? Beside two bare workers
 * with one postMessage each, and comedy, whose sender sits on the main thread; all count and keep at most 800 on
 * the way.
 *
 *     node bench/threads/tell.ts
 */
import { contest } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import { type ComedyActor, startThreadedComedy } from '../runtimes/comedy.ts';
import { BATCH, item } from './parts/load.ts';
import { startNode } from './parts/node.ts';
import { startWorkers } from './parts/post-message.ts';

const options = { step: BATCH, scale: 1e6 };

function check(count: unknown, n: number): void {
  if (count !== n) throw new Error(`counted ${count}, not ${n}`);
}

/** A batch goes out when the one before the last has been counted. */
async function sendByComedy(actor: ComedyActor, n: number): Promise<void> {
  await actor.sendAndReceive('begin');
  let counted = Promise.resolve<unknown>(0);
  for (let sent = 0; sent < n; ) {
    for (let each = 0; each < BATCH; each++) void actor.send('item', item(sent++));
    const next = actor.sendAndReceive('reach', sent);
    await counted;
    counted = next;
  }
  check(await counted, n);
}

await contest(import.meta.filename, [
  {
    suite: 'threads',
    metric: 'one way, 100 B',
    unit: 'M messages/s',
    contestants: {
      Skein: async () => {
        const { ask, start } = await startNode(['t1', 't2']);
        const from = await start('sender', 't1');
        const to = await start('counter', 't2');
        return rate(async (n) => check(await ask(from, 'send', { n, to }), n), options);
      },
      postMessage: async () => {
        const work = await startWorkers();
        return rate(async (n) => check(await work({ kind: 'send', n }), n), options);
      },
      comedy: async () => {
        const actor = await startThreadedComedy('/threads/parts/comedy-actor.cjs');
        return rate((n) => sendByComedy(actor, n), options);
      },
    },
  },
]);
