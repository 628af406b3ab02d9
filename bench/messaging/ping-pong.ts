/**
 * How fast do two actors answer each other, one message on the way at a time? No batch hides the cost of a turn. A message
 * is the sender's ref.
 *
 *     node bench/messaging/ping-pong.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

interface Player {
  readonly hits: number;
  readonly done: (hits: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'ping-pong',
    unit: 'M messages/s',
    scale: 1e6,
    step: 2,
    prepare: (runtime) => {
      const player = runtime.define({
        kind: 'player',
        initial: ({ hits, done }: Player) => ({ hits, done, seen: 0 }),
        receive: (state, from: Ref, self) => {
          if (state.seen === state.hits) return state.done(state.seen * 2);
          state.seen++;
          runtime.tell(self, from, runtime.selfOf(self));
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const ping = await runtime.spawn(player, { hits: n / 2, done });
        const pong = await runtime.spawn(player, { hits: n, done });
        runtime.send(ping, pong);
        await counted;
      };
    },
  },
]);
