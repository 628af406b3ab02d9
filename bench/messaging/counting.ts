/**
 * How fast do messages from outside any actor arrive? Batches of 500 and a report after each, so that all were counted
 * before the next batch goes out.
 *
 *     node bench/messaging/counting.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';

const BATCH = 500;

type Report = (count: number) => void;

await messaging(import.meta.filename, [
  {
    metric: 'counting',
    unit: 'M messages/s',
    scale: 1e6,
    step: BATCH,
    prepare: (runtime) => {
      const counter = runtime.define({
        kind: 'counter',
        initial: () => ({ count: 0 }),
        receive: (state, message: number | Report) => {
          if (typeof message === 'number') state.count += message;
          else message(state.count);
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const to = await runtime.spawn(counter, undefined);
        for (let sent = 0, count = 0; count < n; sent = count) {
          for (let each = 0; each < BATCH; each++) runtime.send(to, 1);
          count = await new Promise<number>((resolve) => runtime.send(to, resolve));
          if (count !== sent + BATCH) return done(count);
        }
        done(n);
        await counted;
      };
    },
  },
]);
