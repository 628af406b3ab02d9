/**
 * How many asks a second, from outside any actor: with 64 in flight, and one after another? The server adds one, and each
 * answer is checked. xstate has no ask; moleculer's is a call of a local action.
 *
 *     node bench/messaging/ask.ts
 */
import type { Run } from '../harness/measure.ts';
import { messaging, type Scenario } from '../harness/scenario.ts';
import type { Ref, Runtime } from '../runtimes/runtime.ts';

type Ask = NonNullable<Runtime['ask']>;

async function askInTurn({ ask, valueIn }: Runtime, server: Ref, n: number): Promise<void> {
  for (let asked = 0; asked < n; asked++) {
    const answer = await (ask as Ask)(server, asked);
    const value = valueIn === undefined ? answer : valueIn(answer);
    if (value !== asked + 1) throw new Error(`asked ${asked}, answered ${value}`);
  }
}

const asking =
  (inFlight: number) =>
  (runtime: Runtime): Run => {
    const server = runtime.define({
      kind: 'adder',
      initial: () => undefined,
      receive: (_state, value: number) => value + 1,
    });
    return async (n) => {
      const to = await runtime.spawn(server, undefined);
      const lanes = Array.from({ length: inFlight }, () => askInTurn(runtime, to, n / inFlight));
      await Promise.all(lanes);
    };
  };

const scenario = (metric: string, inFlight: number): Scenario => ({
  metric,
  unit: 'M asks/s',
  scale: 1e6,
  step: inFlight,
  prepare: asking(inFlight),
  among: ['Skein', 'floor', 'nact', 'comedy', 'effect', 'moleculer'],
});

await messaging(import.meta.filename, [scenario('ask', 64), scenario('ask, alone', 1)]);
