/**
 * What does the size of a message cost between two threads? Bodies of bytes and of ASCII text, in messages and in MiB a second;
 * what is on the way is bounded by 2 MiB or 800 messages. Messages and their sizes are counted where they arrive.
 *
 *     node bench/scale/sizes.ts
 */
import { contest, type Question, seriesOf } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { startNode } from '../threads/parts/node.ts';
import { type Body, type Counted, SCALE_ACTORS } from './parts/actors.ts';

const MIB = 1024 * 1024;
const BATCH_MAX = 400;
const BATCH_BYTES = MIB;
const SIZES = [100, 1_024, 10_240, 102_400, MIB];

async function ofSize(body: Body, size: number, scale: number): Promise<Measured> {
  const { ask, start } = await startNode(['t1', 't2'], SCALE_ACTORS);
  const [from, to] = [await start('pump', 't1'), await start('drain', 't2')];
  const batch = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_BYTES / Math.max(size, 1))));
  return rate(
    async (n) => {
      const { count, bytes } = (await ask(from, 'pump', { to, n, body, size, batch })) as Counted;
      if (count !== n || bytes !== n * size)
        throw new Error(`counted ${count} of ${bytes} bytes, not ${n} of ${n * size}`);
    },
    { step: batch, scale },
  );
}

/** The first series of a body shows what a message costs, the second what a byte does. */
const questions = (body: Body, metric: string): readonly Question[] => [
  seriesOf({
    metric,
    unit: 'k messages/s',
    points: [0, ...SIZES],
    measure: (size) => ofSize(body, size, 1e3),
  }),
  seriesOf({
    metric: `volume, ${metric}`,
    unit: 'MiB/s',
    points: SIZES,
    measure: (size) => ofSize(body, size, MIB / size),
  }),
];

await contest(import.meta.filename, [
  ...questions('bytes', 'by bytes of a message between threads'),
  ...questions('text', 'by bytes of a text between threads'),
]);
