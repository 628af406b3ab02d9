/**
 * What do more threads bring? Pairs of threads that send each other objects of 100 B, all at once; the sum over all pairs. Beyond
 * the machine's cores there is nothing to gain.
 *
 *     node bench/scale/threads.ts
 */
import { contest, seriesOf } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { BATCH } from '../threads/parts/load.ts';
import { startNode } from '../threads/parts/node.ts';

async function pairs(count: number): Promise<Measured> {
  const names = Array.from({ length: count * 2 }, (_, at) => `t${at + 1}`);
  const { ask, start } = await startNode(names);
  const couples = await Promise.all(
    Array.from({ length: count }, async (_, at) => ({
      from: await start('sender', `t${at * 2 + 1}`),
      to: await start('counter', `t${at * 2 + 2}`),
    })),
  );
  return rate(
    async (n) => {
      const counts = await Promise.all(
        couples.map(({ from, to }) => ask(from, 'send', { n: n / count, to })),
      );
      if (counts.some((found) => found !== n / count)) throw new Error(`counted ${counts}`);
    },
    { step: BATCH * count, scale: 1e6 },
  );
}

await contest(import.meta.filename, [
  seriesOf({
    metric: 'by pairs of threads',
    unit: 'M messages/s',
    points: [1, 2, 3],
    measure: pairs,
  }),
]);
