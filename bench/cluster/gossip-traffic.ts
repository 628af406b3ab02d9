/**
 * What a member says and hears in a second when nothing happens, in clusters of 5, 20 and 50: it must not grow with the cluster.
 * Members are whole ones, two processes hold them; one JSON object a line, beside the goal.
 *
 *     node bench/cluster/gossip-traffic.ts [--seconds=10]
 */
import { parseArgs } from 'node:util';
import { Crowds } from './parts/crowds.ts';
import { say } from './parts/say.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
});
const SIZES = [5, 20, 50] as const;
const GOAL_BYTES = 5_000;
const GOAL_PACKETS = 20;
const GOAL_GROWTH = 2;
const MEET_MS = 30_000;
/** The news of the start is told by then. */
const SETTLE_MS = 5_000;

const sent: number[] = [];
for (const members of SIZES) {
  const crowds = await Crowds.start({ processes: 2, members });
  await crowds.meet(MEET_MS);
  await crowds.costs(SETTLE_MS);
  const costs = await crowds.costs(Number(values.seconds) * 1_000);
  await crowds.close();
  sent.push(costs.sentBytes);
  const figure = (metric: string, value: number, unit: string, goal: number): void =>
    say({ metric: `${metric}, N=${members}`, unit, value, goal });
  figure('gossip sent by a member', costs.sentBytes, 'B a second', GOAL_BYTES);
  figure('gossip received by a member', costs.receivedBytes, 'B a second', GOAL_BYTES);
  figure('gossip packets sent by a member', costs.sentPackets, 'a second', GOAL_PACKETS);
}
const growth = (sent.at(-1) ?? Number.NaN) / (sent[0] ?? Number.NaN);
say({ metric: 'gossip at N=50 over N=5', unit: 'x', value: growth, goal: GOAL_GROWTH });
process.exit(0);
