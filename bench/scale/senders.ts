/**
 * Does it matter how many actors send to one? Each has its share of 512 messages on the way and sends the next batch when the
 * last of its batch has been counted; batches are ordered until they make `n`, so that nothing runs on into the next run.
 *
 *     node bench/scale/senders.ts
 */
import { contest, seriesOf } from '../harness/contest.ts';
import { countTo, rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { RUNTIMES } from '../runtimes/index.ts';
import type { Ref } from '../runtimes/runtime.ts';

const IN_FLIGHT = 512;

async function from(senders: number): Promise<Measured> {
  const runtime = await RUNTIMES.Skein();
  const batch = IN_FLIGHT / senders;
  const sender = runtime.define({
    kind: 'sender',
    initial: () => undefined,
    receive: (_state, to: Ref, self) => {
      for (let each = 1; each < batch; each++) runtime.tell(self, to, undefined);
      runtime.tell(self, to, runtime.selfOf(self));
    },
  });
  let end = { n: 0, done: (_found: number): void => undefined };
  const receiver = runtime.define({
    kind: 'receiver',
    initial: () => ({ count: 0, ordered: IN_FLIGHT }),
    receive: (state, endOfBatch: Ref | undefined, self) => {
      state.count++;
      if (endOfBatch === undefined) return;
      if (state.ordered < end.n) {
        state.ordered += batch;
        runtime.tell(self, endOfBatch, runtime.selfOf(self));
      } else if (state.count >= end.n) end.done(state.count);
    },
  });
  const refs: Ref[] = [];
  for (let each = 0; each < senders; each++) refs.push(await runtime.spawn(sender, undefined));
  const run = async (n: number): Promise<void> => {
    const { counted, done } = countTo(n);
    end = { n, done };
    const to = await runtime.spawn(receiver, undefined);
    for (const ref of refs) runtime.send(ref, to);
    await counted;
  };
  return rate(run, { step: IN_FLIGHT, scale: 1e6 });
}

await contest(import.meta.filename, [
  seriesOf({
    metric: 'by senders to one actor',
    unit: 'M messages/s',
    points: [1, 4, 16, 64, 256],
    measure: from,
  }),
]);
