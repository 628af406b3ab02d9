/**
 * How many transfers a second between 100 accounts? A teller keeps 50 in flight; each is a withdrawal, a deposit, an
 * acknowledgement and a receipt. At the end the accounts must hold what they held at the start.
 *
 *     node bench/messaging/bank-transaction.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import type { Ref } from '../runtimes/runtime.ts';

const ACCOUNTS = 100;
const IN_FLIGHT = 50;
const OPENING = 1_000_000;

interface Account {
  balance: number;
}
/** `peer` is where the money goes, or where it came from. */
interface Order {
  readonly kind: 'transfer' | 'deposit' | 'deposited';
  readonly amount: number;
  readonly peer: Ref;
}
interface Teller {
  readonly n: number;
  readonly accounts: readonly Ref[];
  readonly done: (transfers: number) => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'bank-transaction',
    unit: 'M transfers/s',
    scale: 1e6,
    step: IN_FLIGHT,
    prepare: (runtime) => {
      const account = runtime.define({
        kind: 'account',
        initial: ({ teller: to, all }: { readonly teller: Ref; readonly all: Account[] }) => {
          const state = { teller: to, balance: OPENING };
          all.push(state);
          return state;
        },
        receive: (state, { kind, amount, peer }: Order, self) => {
          if (kind === 'transfer') {
            state.balance -= amount;
            runtime.tell(self, peer, { kind: 'deposit', amount, peer: runtime.selfOf(self) });
          } else if (kind === 'deposit') {
            state.balance += amount;
            runtime.tell(self, peer, { kind: 'deposited', amount, peer: runtime.selfOf(self) });
          } else {
            runtime.tell(self, state.teller, amount);
          }
        },
      });
      const teller = runtime.define({
        kind: 'teller',
        initial: (args: Teller) => ({ ...args, ordered: 0, completed: -IN_FLIGHT, seed: 1 }),
        // The first messages only open the window; each later one is a receipt.
        receive: (state, _amount: number, self) => {
          if (++state.completed === state.n) return state.done(state.completed);
          if (state.ordered === state.n) return;
          state.ordered++;
          state.seed = (Math.imul(state.seed, 1_103_515_245) + 12_345) & 0x7fffffff;
          const from = (state.seed >>> 8) % ACCOUNTS;
          const peer = state.accounts[(from + 1 + (state.seed % 97)) % ACCOUNTS] as Ref;
          const order: Order = { kind: 'transfer', amount: 1 + (state.seed & 63), peer };
          runtime.tell(self, state.accounts[from] as Ref, order);
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const accounts: Ref[] = [];
        const all: Account[] = [];
        const checked = (transfers: number): void => {
          const held = all.reduce((sum, { balance }) => sum + balance, 0);
          done(held === ACCOUNTS * OPENING ? transfers : -1);
        };
        const to = await runtime.spawn(teller, { n, accounts, done: checked });
        for (let each = 0; each < ACCOUNTS; each++)
          accounts.push(await runtime.spawn(account, { teller: to, all }));
        for (let opened = 0; opened < IN_FLIGHT; opened++) runtime.send(to, 0);
        await counted;
      };
    },
  },
]);
