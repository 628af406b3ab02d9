/**
 * A thousand members on one nats-server, or as many as the processors are enough for: how long after the last start until all know all, what a member costs when nothing happens,
 * and how long until every survivor knows of 50 that fall silent at once. Members are real and a few processes hold them: together
 * they take a whole core, and where that is not to be had they find each other dead: each checks what each other has signed, a million
 * signatures for a thousand, which takes two cores more than a minute. One JSON object a line, beside the goal; progress on standard error.
 *
 *     node bench/cluster/thousand.ts [--members=1000] [--processes=4] [--spread=60]
 *
 * Without `--members` there are 50 a processor, 1,000 at most: with more they take each other's time for their own deaths.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { percentile } from '../harness/statistics.ts';
import { nowMs, until } from './parts/clock.ts';
import { Crowds } from './parts/crowds.ts';
import { say } from './parts/say.ts';

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: String(Math.min(1_000, 50 * cpus().length)) },
    processes: { type: 'string', default: '4' },
    /** Milliseconds between two starts. */
    spread: { type: 'string', default: '60' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
});
const members = Number(values.members);
const KILLED = Math.round(members / 20);
/** Each member checks what each has signed: a few processes do in this time what each member would do for itself. */
const SPREAD_MS = Number(values.spread) * members;
const MEET_MS = 60_000 + SPREAD_MS + 120 * members;
const PROGRESS_MS = 5_000;
const STEADY_MS = 10_000;
const DEATH_MS = 60_000;
const GOALS = { meetMs: 10_000, deathMs: 10_000, bytes: 5_000, cpuPercent: 0.2 } as const;

const crowds = await Crowds.start({ processes: Number(values.processes), members });
const startedMs = nowMs();
let toldMs = startedMs;
const metMs = await crowds.meet(MEET_MS, SPREAD_MS, (complete) => {
  if (nowMs() - toldMs < PROGRESS_MS) return;
  toldMs = nowMs();
  const seconds = Math.round((toldMs - startedMs) / 1_000);
  process.stderr.write(`${seconds} s: ${complete} of ${members} members know all\n`);
});
const named = (metric: string): string => `${metric}, N=${members}`;
say({ metric: named('last start to all know all'), unit: 'ms', value: metMs, goal: GOALS.meetMs });
// The news of the start has to be told to the end first.
await crowds.costs(STEADY_MS / 2);
const { cpuShare, sentBytes, sentPackets, receivedBytes } = await crowds.costs(STEADY_MS);
const bytes = { unit: 'B a second', goal: GOALS.bytes } as const;
say({ metric: named('sent by a member, steady'), value: sentBytes, ...bytes });
say({ metric: named('received by a member, steady'), value: receivedBytes, ...bytes });
say({ metric: named('packets sent by a member'), unit: 'a second', value: sentPackets, goal: 20 });
say({
  metric: named('processor time of a member, of one core'),
  unit: '%',
  value: 100 * cpuShare,
  goal: GOALS.cpuPercent,
});

const dead = Array.from({ length: KILLED }, (_, at) => `n-${at * 20 + 7}`);
const isDead = new Set(dead);
const killedMs = nowMs();
crowds.die(dead);
const wanted = KILLED * (members - KILLED);
const seen = () => crowds.gone.filter(({ node }) => isDead.has(node));
await until(
  `all ${wanted} deaths are known`,
  async () => {
    await crowds.reports();
    return seen().length >= wanted;
  },
  DEATH_MS,
).catch((thrown: Error) => process.stderr.write(`${thrown.message}: ${seen().length}\n`));
const times = seen().map(({ atMs }) => atMs - killedMs);
for (const share of [0.5, 0.99]) {
  const { value, n } = percentile(times, share);
  const metric = named(`death of ${KILLED} known to each other member, p${100 * share}`);
  say({ metric, unit: 'ms', value, n, goal: GOALS.deathMs });
}
say({
  metric: named(`death of ${KILLED} known to each other member, last`),
  unit: 'ms',
  value: times.reduce((most, ms) => Math.max(most, ms), 0),
  n: times.length,
  goal: 2 * GOALS.deathMs,
});
const falseDeaths = crowds.gone.filter(({ node }) => !isDead.has(node)).length;
say({ metric: named('false deaths'), unit: 'deaths', value: falseDeaths, n: members, goal: 1 });
await crowds.close();
process.exit(times.length < wanted ? 1 : 0);
