/**
 * What do more threads bring? Threads send objects of 100 B, all at once; the sum over all of them. In pairs one sends and the other
 * counts; in an exchange each does both with a partner, and a thread alone with itself. Beyond the machine's cores there is
 * nothing to gain.
 *
 *     node bench/scale/threads.ts
 */
import { contest, seriesOf } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { BATCH } from '../threads/parts/load.ts';
import { startNode } from '../threads/parts/node.ts';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

/** `partners`: for each sender's thread the one that counts, by their numbers. */
async function between(
  threads: number,
  partners: readonly (readonly [number, number])[],
): Promise<Measured> {
  const { ask, start } = await startNode(numbers(threads).map((at) => `t${at}`));
  const couples = await Promise.all(
    partners.map(async ([from, to]) => ({
      from: await start('sender', `t${from}`),
      to: await start('counter', `t${to}`),
    })),
  );
  const share = (n: number): number => n / couples.length;
  return rate(
    async (n) => {
      const counts = await Promise.all(
        couples.map(({ from, to }) => ask(from, 'send', { n: share(n), to })),
      );
      if (counts.some((found) => found !== share(n))) throw new Error(`counted ${counts}`);
    },
    { step: BATCH * couples.length, scale: 1e6 },
  );
}

await contest(import.meta.filename, [
  seriesOf({
    metric: 'by pairs of threads',
    unit: 'M messages/s',
    points: [1, 2, 3],
    measure: (pairs) =>
      between(
        pairs * 2,
        numbers(pairs).map((at) => [at * 2, at * 2 + 1]),
      ),
  }),
  seriesOf({
    metric: 'exchange, by threads',
    unit: 'M messages/s',
    points: [1, 2, 4],
    measure: (threads) =>
      between(
        threads,
        numbers(threads).map((at) => [at, threads === 1 ? at : at ^ 1]),
      ),
  }),
]);
