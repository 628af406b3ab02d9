/**
 * How many asks a second between two processes, 64 in flight? Through NATS beside NATS requests, Moleculer and Erlang's
 * distribution, and by the direct link beside the way through NATS.
 *
 *     node bench/remote/ask.ts
 */
import { contest } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { askInLanes } from '../threads/parts/load.ts';
import { erlangPair } from './parts/erlang-pair.ts';
import { startMoleculerPair } from './parts/moleculer-pair.ts';
import { startRawPair } from './parts/raw-nats.ts';
import { startSkeinPair } from './parts/skein-pair.ts';

const LANES = 64;
const options = { step: LANES, scale: 1e3, warmMs: 1_500 };

const skein = (kind: 'Skein' | 'Skein direct') => async (): Promise<Measured> => {
  const { many } = await startSkeinPair(kind);
  return rate(async (n) => void (await many(n, LANES)), options);
};
const byAsk = async (start: () => Promise<{ ask: (value: number) => Promise<unknown> }>) => {
  const { ask } = await start();
  return rate((n) => askInLanes({ n, lanes: LANES }, ask), options);
};
const erlang = async (): Promise<Measured> => {
  const { value, n } = erlangPair<Measured>('ask', LANES);
  return { value: value / options.scale, n };
};
const question = { suite: 'remote', unit: 'k asks/s' };

await contest(import.meta.filename, [
  {
    ...question,
    metric: 'ask, 64 in flight',
    contestants: {
      Skein: skein('Skein'),
      'raw NATS': () => byAsk(startRawPair),
      Moleculer: () => byAsk(startMoleculerPair),
      Erlang: erlang,
    },
  },
  {
    ...question,
    metric: 'ask, 64 in flight, direct',
    contestants: {
      Skein: skein('Skein direct'),
      'Skein through NATS': skein('Skein'),
      Erlang: erlang,
    },
  },
]);
