/**
 * How fast does one token go round a ring of 100 actors? Each turn has one message, so the run queue is all there is.
 *
 *     node bench/messaging/thread-ring.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const MEMBERS = 100;

interface Member {
  next: Ref | undefined;
  seen: number;
}
interface Joining {
  readonly next: Ref | undefined;
  readonly ring: Member[];
  readonly done: (hops: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'thread-ring',
    unit: 'M messages/s',
    scale: 1e6,
    prepare: (runtime) => {
      const member = runtime.define({
        kind: 'member',
        initial: ({ next, ring, done }: Joining) => {
          const state = { next, seen: 0, ring, done };
          ring.push(state);
          return state;
        },
        receive: (state, message: number | Ref, self) => {
          if (typeof message === 'object') {
            state.next = message;
          } else if (message === 0) {
            state.done(state.ring.reduce((sum, { seen }) => sum + seen, 0));
          } else {
            state.seen++;
            runtime.tell(self, state.next as Ref, message - 1);
          }
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const ring: Member[] = [];
        const last = await runtime.spawn(member, { next: undefined, ring, done });
        let first = last;
        for (let joined = 1; joined < MEMBERS; joined++)
          first = await runtime.spawn(member, { next: first, ring, done });
        runtime.send(last, first);
        runtime.send(first, n);
        await counted;
      };
    },
  },
]);
