/**
 * `npm run test:outage`: three nodes on the network of `npm run test:network`, under a load of runs, messages and shared writes; the
 * nats-server is killed with `kill -9` for a while and started again on what it had kept. As root.
 *
 *     --seconds=N     of the outage, 30 by default
 *     --json          one JSON object a line instead of the table
 */
import { parseArgs } from 'node:util';
import { onNetwork } from './network/on-network.ts';
import { outage } from './network/outage.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});

await onNetwork({ isJson: values.json, cuts: 0, rounds: 0, seed: '' }, [
  [
    'outage',
    (context, rendezvous) =>
      outage({ ...context, ...rendezvous, outageMs: Number(values.seconds) * 1_000 }),
  ],
]);
