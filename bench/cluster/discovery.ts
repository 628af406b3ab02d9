/**
 * Three fresh processes, each one member: how long from their start, and from the moment when the last of them was connected to
 * NATS, until all know all? A new cluster each round; one JSON object a line, beside the goal.
 *
 *     node bench/cluster/discovery.ts [--rounds=12]
 */
import { parseArgs } from 'node:util';
import { startTestNats } from '../../tests/support/nats.ts';
import { nowMs, until } from './parts/clock.ts';
import { type MemberProcess, startMember } from './parts/member-process.ts';
import { sayTimes } from './parts/say.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '12' }, only: { type: 'string' } },
});
const SIZE = 3;
const WAIT_MS = 30_000;
const GOAL_MS = 2_000;

const nats = await startTestNats();
const fromStart: number[] = [];
const fromConnected: number[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const startedMs = nowMs();
  const all: MemberProcess[] = Array.from({ length: SIZE }, (_, at) =>
    startMember(`n-${round}x${at}`, nats.url, { cluster: `discovery-${round}` }),
  );
  const knowAll = () => all.every(({ knows }) => knows.size === SIZE - 1);
  await until('all know all', knowAll, WAIT_MS);
  const knownMs = Math.max(...all.flatMap(({ knows }) => [...knows.values()]));
  fromStart.push(knownMs - startedMs);
  fromConnected.push(knownMs - Math.max(...all.map(({ connectedMs }) => connectedMs())));
  for (const { child } of all) child.kill('SIGKILL');
}
sayTimes('three fresh processes, start to all know all', fromStart, { upper: 0.95, goal: GOAL_MS });
sayTimes('three fresh processes, last connected to all know all', fromConnected, {
  upper: 0.95,
  goal: GOAL_MS,
});
await nats.close();
process.exit(0);
