/**
 * Is anybody declared dead who is alive? Five members in processes of their own; every other one is as busy as a node can be: its
 * main thread and two workers in loops, gossip on a thread beside them, as in a node. Each loses a tenth of the packets that it
 * sends and of those that come. One JSON object a line, beside the goal of none.
 *
 *     node bench/cluster/false-deaths.ts [--minutes=0.5]
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { startTestNats } from '../../tests/support/nats.ts';
import { sleep, until } from './parts/clock.ts';
import { startMember } from './parts/member-process.ts';
import { say } from './parts/say.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0.5' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
});
const SIZE = 5;
const LOSS = 0.1;
const BUSY = { mainShare: 1, workers: 2 } as const;
const MEET_MS = 60_000;
const forMs = Number(values.minutes) * 60_000;

const nats = await startTestNats();
const all = Array.from({ length: SIZE }, (_, at) =>
  startMember(`n-${at}`, nats.url, at % 2 === 0 ? { loss: LOSS } : { loss: LOSS, busy: BUSY }),
);
await until('all know all', () => all.every(({ knows }) => knows.size === SIZE - 1), MEET_MS);
const before = { ...suspicionsAndDeaths() };
await sleep(forMs);
const after = suspicionsAndDeaths();
const isAlive = all.every(({ child }) => child.exitCode === null && child.signalCode === null);
for (const { child } of all) child.kill('SIGKILL');
process.stderr.write(
  `${Number(values.minutes)} min, loss 10 %, every other node busy; load of the machine ${os.loadavg()[0]?.toFixed(1)}\n`,
);
say({
  metric: 'suspicions under load and loss',
  unit: 'a minute',
  value: (after.suspicions - before.suspicions) / Number(values.minutes),
  n: SIZE,
  goal: 60,
});
say({
  metric: 'false deaths under load and loss',
  unit: 'deaths',
  value: after.deaths - before.deaths,
  n: SIZE,
  goal: 1,
});
await nats.close();
process.exit(isAlive ? 0 : 1);

/** Each as each member saw it. */
function suspicionsAndDeaths() {
  return {
    suspicions: all.reduce((sum, { counts }) => sum + counts.suspicions, 0),
    deaths: all.reduce((sum, { gone }) => sum + gone.size, 0),
  };
}
