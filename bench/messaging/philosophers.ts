/**
 * How many meals a second do 20 philosophers eat? One arbiter hands out both forks or keeps the hungry waiting: three
 * messages a meal, and contention between neighbours.
 *
 *     node bench/messaging/philosophers.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const SEATS = 20;

interface Wish {
  readonly kind: 'hungry' | 'fed' | 'leaves';
  readonly seat: number;
  readonly meals: number;
  readonly who: Ref;
}
interface Sitting {
  readonly seat: number;
  readonly meals: number;
  readonly arbiter: Ref;
}

const left = (seat: number): number => (seat + SEATS - 1) % SEATS;
const right = (seat: number): number => (seat + 1) % SEATS;

await messaging(import.meta.filename, [
  {
    metric: 'philosophers',
    unit: 'M meals/s',
    scale: 1e6,
    step: SEATS,
    prepare: (runtime) => {
      const arbiter = runtime.define({
        kind: 'arbiter',
        initial: (done: (meals: number) => void) => ({
          done,
          isTaken: new Array<boolean>(SEATS).fill(false),
          waiting: new Array<Ref | undefined>(SEATS).fill(undefined),
          gone: 0,
          meals: 0,
        }),
        receive: (state, { kind, seat, meals, who }: Wish, self) => {
          // Fork `seat` lies to the left of that seat.
          const serve = (at: number): void => {
            const hungry = state.waiting[at];
            if (hungry === undefined || state.isTaken[at] || state.isTaken[right(at)]) return;
            state.waiting[at] = undefined;
            state.isTaken[at] = state.isTaken[right(at)] = true;
            runtime.tell(self, hungry, true);
          };
          if (kind === 'leaves') {
            state.meals += meals;
            if (++state.gone === SEATS) state.done(state.meals);
          } else if (kind === 'hungry') {
            state.waiting[seat] = who;
            serve(seat);
          } else {
            state.isTaken[seat] = state.isTaken[right(seat)] = false;
            serve(left(seat));
            serve(right(seat));
          }
        },
      });
      const philosopher = runtime.define({
        kind: 'philosopher',
        initial: (args: Sitting) => ({ ...args, eaten: 0 }),
        receive: (state, isServed: boolean, self) => {
          const { seat, arbiter: to } = state;
          const who = runtime.selfOf(self);
          if (isServed) {
            state.eaten++;
            runtime.tell(self, to, { kind: 'fed', seat, meals: 0, who });
          }
          const kind = state.eaten === state.meals ? 'leaves' : 'hungry';
          runtime.tell(self, to, { kind, seat, meals: state.eaten, who });
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const to = await runtime.spawn(arbiter, done);
        const sitting: Ref[] = [];
        for (let seat = 0; seat < SEATS; seat++)
          sitting.push(await runtime.spawn(philosopher, { seat, meals: n / SEATS, arbiter: to }));
        for (const each of sitting) runtime.send(each, false);
        await counted;
      };
    },
  },
]);
