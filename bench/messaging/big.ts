/**
 * How fast do 64 actors talk all to all? Each pings one of the others, drawn at random from its own seed, and draws the
 * next when the pong is back: many mailboxes with little in each. A ping is the sender's ref, a pong is `null`.
 *
 *     node bench/messaging/big.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const ACTORS = 64;

interface Joining {
  readonly seed: number;
  readonly pings: number;
  readonly others: readonly Ref[];
  readonly sink: Ref;
}

await messaging(import.meta.filename, [
  {
    metric: 'big',
    unit: 'M messages/s',
    scale: 1e6,
    step: 2 * ACTORS,
    prepare: (runtime) => {
      const sink = runtime.define({
        kind: 'sink',
        initial: (done: (messages: number) => void) => ({ done, ended: 0, messages: 0 }),
        receive: (state, messages: number) => {
          state.messages += messages;
          if (++state.ended === ACTORS) state.done(state.messages);
        },
      });
      const talker = runtime.define({
        kind: 'talker',
        initial: (args: Joining) => ({ ...args, pongs: -1 }),
        receive: (state, from: Ref | null, self) => {
          if (from) return runtime.tell(self, from, null);
          if (++state.pongs === state.pings) return runtime.tell(self, state.sink, 2 * state.pongs);
          state.seed = (Math.imul(state.seed, 1_103_515_245) + 12_345) & 0x7fffffff;
          const other = state.others[(state.seed >>> 8) % ACTORS] as Ref;
          runtime.tell(self, other, runtime.selfOf(self));
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const others: Ref[] = [];
        const to = await runtime.spawn(sink, done);
        for (let seed = 1; seed <= ACTORS; seed++) {
          others.push(
            await runtime.spawn(talker, { seed, pings: n / ACTORS / 2, others, sink: to }),
          );
        }
        for (const talking of others) runtime.send(talking, null);
        await counted;
      };
    },
  },
]);
