/**
 * At 1,000 messages a second: how long from the send on one thread until the actor on another, which sleeps in between, has the
 * message (the propagation of an epoch)? Beside bare workers with one postMessage each. And in one thread: how long from the send
 * until the handler starts (the dispatch of a job)? Beside a bare mailbox and run queue.
 *
 *     node bench/threads/propagation.ts
 */
import { contest, type Question } from '../harness/contest.ts';
import { type Measured, percentile } from '../harness/statistics.ts';
import { RUNTIMES } from '../runtimes/index.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { nowUs, pace } from './parts/load.ts';
import { startNode } from './parts/node.ts';
import { startWorkers } from './parts/post-message.ts';

const WARM_UP = 2_000;
const MESSAGES = 5_000;

async function skeinTimes(thread: 't1' | 't2'): Promise<number[]> {
  const { ask, start } = await startNode(['t1', 't2']);
  const from = await start('pacer', 't1');
  const to = await start('stopwatch', thread);
  await ask(from, 'pace', { to, n: WARM_UP });
  return (await ask(from, 'pace', { to, n: MESSAGES })) as number[];
}

async function rawTimes(): Promise<number[]> {
  const work = await startWorkers();
  await work({ kind: 'pace', n: WARM_UP });
  return (await work({ kind: 'pace', n: MESSAGES })) as number[];
}

async function dispatchTimes(start: () => Promise<Runtime>): Promise<number[]> {
  const runtime = await start();
  const stopwatch = runtime.define({
    kind: 'stopwatch',
    initial: (done: (timesUs: number[]) => void) => ({ done, timesUs: [] as number[] }),
    receive: (state, { n, sentUs }: { readonly n: number; readonly sentUs: number }) => {
      if (state.timesUs.push(nowUs() - sentUs) === n) state.done(state.timesUs);
    },
  });
  const times = async (n: number): Promise<number[]> => {
    const { promise, resolve } = Promise.withResolvers<number[]>();
    const to = await runtime.spawn(stopwatch, resolve);
    pace(n, (sentUs) => runtime.send(to, { n, sentUs }));
    return promise;
  };
  await times(WARM_UP);
  return times(MESSAGES);
}

const shares = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 } as const;

const question = (which: keyof typeof shares): Question => {
  const at = async (times: Promise<number[]>): Promise<Measured> =>
    percentile(await times, shares[which]);
  return {
    suite: 'threads',
    metric: `epoch propagation, ${which}`,
    unit: 'us',
    contestants: {
      Skein: () => at(skeinTimes('t2')),
      postMessage: () => at(rawTimes()),
      'Skein in one thread (dispatch)': () => at(skeinTimes('t1')),
    },
  };
};

const dispatch: Question = {
  suite: 'threads',
  metric: 'dispatch, p99',
  unit: 'us',
  contestants: {
    Skein: async () => percentile(await dispatchTimes(RUNTIMES.Skein), shares.p99),
    floor: async () => percentile(await dispatchTimes(RUNTIMES.floor), shares.p99),
  },
};

await contest(import.meta.filename, [
  question('p50'),
  question('p99'),
  question('p99.9'),
  dispatch,
]);
