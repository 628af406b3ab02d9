/**
 * How long does one ask between two idle worker threads take, with nothing else on the way? The median and the 99th
 * percentile of 10,000, beside the same round trip with bare postMessage.
 *
 *     node bench/threads/lone-ask.ts
 */
import { contest, type Question } from '../harness/contest.ts';
import { percentile } from '../harness/statistics.ts';
import { startNode } from './parts/node.ts';
import { startWorkers } from './parts/post-message.ts';

const WARM_UP = 5_000;
const ASKS = 10_000;

async function skeinLatencies(): Promise<number[]> {
  const { ask, start } = await startNode(['t1', 't2']);
  const from = await start('asker', 't1');
  const to = await start('adder', 't2');
  await ask(from, 'alone', { to, n: WARM_UP });
  return (await ask(from, 'alone', { to, n: ASKS })) as number[];
}

async function rawLatencies(): Promise<number[]> {
  const work = await startWorkers();
  await work({ kind: 'alone', n: WARM_UP });
  return (await work({ kind: 'alone', n: ASKS })) as number[];
}

const question = (metric: string, share: number): Question => ({
  suite: 'threads',
  metric,
  unit: 'us',
  contestants: {
    Skein: async () => percentile(await skeinLatencies(), share),
    postMessage: async () => percentile(await rawLatencies(), share),
  },
});

await contest(import.meta.filename, [
  question('lone ask, p50', 0.5),
  question('lone ask, p99', 0.99),
]);
