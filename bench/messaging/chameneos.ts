/**
 * How fast do 100 creatures meet in one mall? Many senders, one receiver, four messages a meeting. At the end each creature
 * tells how often it met, and the sum must be twice the meetings.
 *
 *     node bench/messaging/chameneos.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const CREATURES = 100;
const MESSAGES_A_MEETING = 4;
/** What the mall says when it is closed, instead of a colour. */
const CLOSED = -1;

/** Colours are 0, 1 and 2; CLOSED says goodbye, with the number of meetings. */
interface Meet {
  readonly who: Ref;
  readonly colour: number;
  readonly met: number;
}
interface Mall {
  readonly meetings: number;
  readonly done: (messages: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'chameneos',
    unit: 'M messages/s',
    scale: 1e6,
    step: MESSAGES_A_MEETING,
    prepare: (runtime) => {
      const mall = runtime.define({
        kind: 'mall',
        initial: ({ meetings, done }: Mall) => ({
          done,
          left: meetings,
          waiting: undefined as Meet | undefined,
          gone: 0,
          met: 0,
        }),
        receive: (state, meet: Meet, self) => {
          if (meet.colour === CLOSED) {
            state.met += meet.met;
            if (++state.gone === CREATURES) state.done((state.met / 2) * MESSAGES_A_MEETING);
          } else if (state.left === 0) {
            runtime.tell(self, meet.who, CLOSED);
          } else if (state.waiting === undefined) {
            state.waiting = meet;
          } else {
            state.left--;
            runtime.tell(self, meet.who, state.waiting.colour);
            runtime.tell(self, state.waiting.who, meet.colour);
            state.waiting = undefined;
          }
        },
      });
      const creature = runtime.define({
        kind: 'creature',
        initial: (args: { readonly mall: Ref; readonly colour: number }) => ({ ...args, met: -1 }),
        receive: (state, other: number, self) => {
          const who = runtime.selfOf(self);
          if (other === CLOSED) {
            return runtime.tell(self, state.mall, { who, colour: CLOSED, met: state.met });
          }
          state.met++;
          if (state.colour !== other) state.colour = 3 - state.colour - other;
          runtime.tell(self, state.mall, { who, colour: state.colour, met: 0 });
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const meetings = n / MESSAGES_A_MEETING;
        const place = await runtime.spawn(mall, { meetings, done });
        for (let each = 0; each < CREATURES; each++) {
          const colour = each % 3;
          // A colour like its own starts a creature and changes nothing.
          runtime.send(await runtime.spawn(creature, { mall: place, colour }), colour);
        }
        await counted;
      };
    },
  },
]);
