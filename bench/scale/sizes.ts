/**
 * What does the size of a message cost between two threads? Bodies of bytes; what is on the way is bounded by 2 MiB or 800
 * messages.
 *
 *     node bench/scale/sizes.ts
 */
import { contest, seriesOf } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { startNode } from '../threads/parts/node.ts';
import { SCALE_ACTORS } from './parts/actors.ts';

const BATCH_MAX = 400;
const BATCH_BYTES = 1024 * 1024;

async function ofSize(bytes: number): Promise<Measured> {
  const { ask, start } = await startNode(['t1', 't2'], SCALE_ACTORS);
  const [from, to] = [await start('pump', 't1'), await start('drain', 't2')];
  const batch = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_BYTES / Math.max(bytes, 1))));
  return rate(
    async (n) => {
      const count = await ask(from, 'pump', { to, n, bytes, batch });
      if (count !== n) throw new Error(`counted ${count}, not ${n}`);
    },
    { step: batch, scale: 1e3 },
  );
}

await contest(import.meta.filename, [
  seriesOf({
    metric: 'by bytes of a message between threads',
    unit: 'k messages/s',
    points: [0, 100, 1_024, 10_240, 102_400, 1_048_576],
    measure: ofSize,
  }),
]);
