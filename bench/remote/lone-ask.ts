/**
 * How long does one ask between two processes take, with nothing else on the way? The median and the 99th percentile of 5,000,
 * through NATS beside a NATS request, a Moleculer call and Erlang's distribution, and by the direct link.
 *
 *     node bench/remote/lone-ask.ts
 */
import { contest, type Question } from '../harness/contest.ts';
import { type Measured, percentile } from '../harness/statistics.ts';
import { latenciesUs } from '../threads/parts/load.ts';
import { erlangPair } from './parts/erlang-pair.ts';
import { startMoleculerPair } from './parts/moleculer-pair.ts';
import { startRawPair } from './parts/raw-nats.ts';
import { startSkeinPair } from './parts/skein-pair.ts';

const WARM_UP = 3_000;
const ASKS = 5_000;

async function skein(kind: 'Skein' | 'Skein direct'): Promise<number[]> {
  const { alone } = await startSkeinPair(kind);
  await alone(WARM_UP);
  return alone(ASKS);
}

async function byAsk(
  start: () => Promise<{ ask: (value: number) => Promise<unknown> }>,
): Promise<number[]> {
  const { ask } = await start();
  await latenciesUs(WARM_UP, ask);
  return latenciesUs(ASKS, ask);
}

type Percentile = 'p50' | 'p99';
const SHARES: Readonly<Record<Percentile, number>> = { p50: 0.5, p99: 0.99 };

async function erlang(which: Percentile): Promise<Measured> {
  const found = erlangPair<Readonly<Record<Percentile | 'n', number>>>('alone', ASKS);
  return { value: found[which], n: found.n };
}

const questions = (which: Percentile): readonly Question[] => {
  const at = async (times: Promise<number[]>) => percentile(await times, SHARES[which]);
  const common = { suite: 'remote', unit: 'us' };
  return [
    {
      ...common,
      metric: `lone ask, ${which}`,
      contestants: {
        Skein: () => at(skein('Skein')),
        'raw NATS': () => at(byAsk(startRawPair)),
        Moleculer: () => at(byAsk(startMoleculerPair)),
        Erlang: () => erlang(which),
      },
    },
    {
      ...common,
      metric: `lone ask, direct, ${which}`,
      contestants: {
        Skein: () => at(skein('Skein direct')),
        'Skein through NATS': () => at(skein('Skein')),
        Erlang: () => erlang(which),
      },
    },
  ];
};

await contest(import.meta.filename, [...questions('p50'), ...questions('p99')]);
