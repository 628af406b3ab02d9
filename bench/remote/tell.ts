/**
 * How many messages of about 100 B a second go from one process to another, one way? Through NATS beside NATS itself, Moleculer
 * and Erlang's distribution, and by the direct link beside the way through NATS. All count and keep at most 800 on the way.
 *
 *     node bench/remote/tell.ts
 */
import { contest } from '../harness/contest.ts';
import { rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { BATCH } from '../threads/parts/load.ts';
import { erlangPair } from './parts/erlang-pair.ts';
import { startMoleculerPair } from './parts/moleculer-pair.ts';
import { startRawPair } from './parts/raw-nats.ts';
import { startSkeinPair } from './parts/skein-pair.ts';

const options = { step: 2 * BATCH, scale: 1e3, warmMs: 1_500 };

const skein = (kind: 'Skein' | 'Skein direct') => async (): Promise<Measured> => {
  const { send } = await startSkeinPair(kind);
  return rate(async (n) => {
    const count = await send(n);
    if (count !== n) throw new Error(`counted ${count}, not ${n}`);
  }, options);
};
const erlang = async (): Promise<Measured> => {
  const { value, n } = erlangPair<Measured>('tell', 0);
  return { value: value / options.scale, n };
};
const question = { suite: 'remote', unit: 'k messages/s' };

await contest(import.meta.filename, [
  {
    ...question,
    metric: 'tell, 100 B',
    contestants: {
      Skein: skein('Skein'),
      'raw NATS': async () => rate((await startRawPair()).send, options),
      Moleculer: async () => rate((await startMoleculerPair()).send, options),
      Erlang: erlang,
    },
  },
  {
    ...question,
    metric: 'tell, 100 B, direct',
    contestants: {
      Skein: skein('Skein direct'),
      'Skein through NATS': skein('Skein'),
      Erlang: erlang,
    },
  },
]);
