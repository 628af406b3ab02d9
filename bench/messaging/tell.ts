/**
 * How many messages a second can one actor send to another? Batches of 500, each started when the last one has been
 * counted, so that a bounded mailbox of 1,000 never overflows and nobody measures the growth of an unbounded one.
 *
 *     node bench/messaging/tell.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const BATCH = 500;

interface More {
  readonly counter: Ref;
  readonly count: number;
}
interface Producer {
  readonly n: number;
  readonly done: (count: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'tell',
    unit: 'M messages/s',
    scale: 1e6,
    step: BATCH,
    prepare: (runtime) => {
      const counter = runtime.define({
        kind: 'counter',
        initial: (producer: Ref) => ({ producer, count: 0 }),
        receive: (state, add: number, self) => {
          state.count += add;
          if (state.count % BATCH > 0) return;
          const more: More = { counter: runtime.selfOf(self), count: state.count };
          runtime.tell(self, state.producer, more);
        },
      });
      const producer = runtime.define({
        kind: 'producer',
        initial: (args: Producer) => args,
        receive: ({ n, done }, more: More, self) => {
          if (more.count >= n) return done(more.count);
          for (let sent = 0; sent < BATCH; sent++) runtime.tell(self, more.counter, 1);
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const from = await runtime.spawn(producer, { n, done });
        const to = await runtime.spawn(counter, from);
        runtime.send(from, { counter: to, count: 0 });
        await counted;
      };
    },
  },
]);
