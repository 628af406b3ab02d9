/**
 * `npm run test:network`: three nodes behind two NATs that reach only a rendezvous, on real namespaces, veths and nftables. They
 * discover each other, exchange work, are partitioned and cut off, and come back. As root; it makes all it needs and takes it away.
 *
 *     --cuts=N        100 by default
 *     --rounds=N      starts of three fresh nodes on each kind of line, 5 by default
 *     --only=A,B      discovery, exchange, partition, cuts
 *     --seed=S        of the cuts
 *     --json          one JSON object a line instead of the table
 */
import { parseArgs } from 'node:util';
import { cuts } from './network/cuts.ts';
import { discovery } from './network/discovery.ts';
import { exchange } from './network/exchange.ts';
import { onNetwork, progress } from './network/on-network.ts';
import { partition } from './network/partition.ts';

const CHECKS = { discovery, exchange, partition, cuts } as const;
type Name = keyof typeof CHECKS;
const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: Object.keys(CHECKS).join(',') },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const chosen = values.only.split(',');
const unknown = chosen.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  progress(`there is no check ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}`);
  process.exit(2);
}
const { cuts: wanted, rounds, seed, json: isJson } = values;
await onNetwork(
  { isJson, cuts: Number(wanted), rounds: Number(rounds), seed },
  (chosen as Name[]).map((name) => [name, CHECKS[name]] as const),
);
