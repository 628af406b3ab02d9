/**
 * How many haircuts a second? One barber, a room with 50 chairs, 100 customers. Who finds no chair goes to the street, and
 * the street sends one in for each who was served: no polling, so the count of messages hardly depends on the scheduler.
 *
 *     node bench/messaging/sleeping-barber.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const CHAIRS = 50;
const CUSTOMERS = 100;

type ToCustomer = 'go' | 'full' | 'served';
/** A customer who comes in, or `null`: the barber is free. */
type ToRoom = Ref | null;
interface Back {
  readonly who: Ref;
  readonly isServed: boolean;
}
interface Street {
  readonly haircuts: number;
  readonly done: (haircuts: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'sleeping-barber',
    unit: 'M haircuts/s',
    scale: 1e6,
    prepare: (runtime) => {
      const street = runtime.define({
        kind: 'street',
        initial: ({ haircuts, done }: Street) => ({ haircuts, done, served: 0, out: [] as Ref[] }),
        receive: (state, { who, isServed }: Back, self) => {
          state.out.push(who);
          if (!isServed) return;
          if (++state.served === state.haircuts) state.done(state.served);
          else if (state.served < state.haircuts)
            runtime.tell(self, state.out.shift() as Ref, 'go');
        },
      });
      const barber = runtime.define({
        kind: 'barber',
        initial: () => undefined,
        receive: (_state, { customer, room: to }: { customer: Ref; room: Ref }, self) => {
          runtime.tell(self, customer, 'served');
          runtime.tell(self, to, null);
        },
      });
      const room = runtime.define({
        kind: 'room',
        initial: (to: Ref) => ({ barber: to, isBusy: false, chairs: [] as Ref[] }),
        receive: (state, customer: ToRoom, self) => {
          const isFree = customer === null || !state.isBusy;
          const next = customer !== null && isFree ? customer : state.chairs[0];
          if (isFree) {
            if (customer === null) state.chairs.shift();
            state.isBusy = next !== undefined;
            if (next === undefined) return;
            return runtime.tell(self, state.barber, { customer: next, room: runtime.selfOf(self) });
          }
          if (state.chairs.length < CHAIRS) state.chairs.push(customer);
          else runtime.tell(self, customer, 'full');
        },
      });
      const customer = runtime.define({
        kind: 'customer',
        initial: (args: { readonly room: Ref; readonly street: Ref }) => args,
        receive: (state, message: ToCustomer, self) => {
          const who = runtime.selfOf(self);
          if (message === 'go') runtime.tell(self, state.room, who);
          else runtime.tell(self, state.street, { who, isServed: message === 'served' });
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const outside = await runtime.spawn(street, { haircuts: n, done });
        const place = await runtime.spawn(room, await runtime.spawn(barber, undefined));
        for (let each = 0; each < CUSTOMERS; each++)
          runtime.send(await runtime.spawn(customer, { room: place, street: outside }), 'go');
        await counted;
      };
    },
  },
]);
