/**
 * `npm run soak`: messages between two worker threads while either is stopped at random, until `--messages` have come
 * (default 100 million) or `--minutes` have passed (default 10). Every message carries a number: what comes between two stops
 * must come whole, once and in order. Prints one JSON object; exit 1 for a misplaced message or memory that keeps growing.
 */
import { parseArgs } from 'node:util';
import type { SinkReport } from '../bench/soak/actors.ts';
import type { ThreadName } from '../src/contracts/index.ts';
import { seededRandom } from '../src/host/index.ts';
import { type ActorContext, type ActorRef, defineActor } from '../src/kernel/index.ts';
import { startThreadWorld } from '../tests/support/real-threads.ts';
import { until } from '../tests/support/until.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1e8' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: 'soak' },
  },
});
const wanted = Number(values.messages);
const endMs = Date.now() + Number(values.minutes) * 60_000;
const random = seededRandom(values.seed);
const STOP_EVERY_MS = 4_000;
const LOOK_MS = 100;
/** Memory at the end may be over that of the first third by this much. */
const GROWTH_MIB_MAX = 64;
const ACTORS = new URL('../bench/soak/actors.ts', import.meta.url).href;

const world = await startThreadWorld(['t1', 't2'], {
  strategy: { scope: 'one-for-one', intensity: { maxRestarts: 1_000, windowMs: 60_000 } },
});
const launcher = world.system.spawn(
  defineActor({
    kind: 'launcher',
    initial: (_none: void, _ctx: ActorContext) => ({}),
    receive: {
      start: (_state, what: { exportName: string; thread: string }, ctx) =>
        ctx.spawnOn({ url: ACTORS, exportName: what.exportName }, undefined, {
          thread: what.thread as ThreadName,
        }),
      stop: (_state, ref: ActorRef, ctx) => ctx.stop(ref),
    },
    signals: { childFailed: (_state, exit, ctx) => ctx.stop(exit.child) },
  }),
  undefined,
);
const totals = { received: 0, misplaced: 0, stops: { t1: 0, t2: 0 } };
const residentMiB: number[] = [];

while (totals.received < wanted && Date.now() < endMs) await round();
await world.close();
const third = Math.max(1, Math.floor(residentMiB.length / 3));
const first = Math.max(...residentMiB.slice(0, third));
const last = Math.max(...residentMiB.slice(-third));
const isGrowing = last > first + GROWTH_MIB_MAX;
const report = { ...totals, seed: values.seed, residentMiB: { first, last }, isGrowing };
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(totals.misplaced > 0 || isGrowing || totals.received === 0 ? 1 : 0);

/** One pair of actors, until one of its threads is stopped. */
async function round(): Promise<void> {
  const [source, sink] = [await start('source', 't1'), await start('sink', 't2')];
  world.system.tell(source, 'begin', sink);
  const stopMs = Date.now() + random.next() * STOP_EVERY_MS;
  let seen: SinkReport = { received: 0, misplaced: 0 };
  const look = async (): Promise<void> => {
    const answer = await world.system.ask(sink, 'report', undefined);
    if (answer.kind === 'answered') seen = answer.value as SinkReport;
  };
  while (Date.now() < stopMs && totals.received + seen.received < wanted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    await look();
  }
  const victim = (random.next() < 0.5 ? 't1' : 't2') as 't1' | 't2';
  const lives = world.group.epochOf(victim as unknown as ThreadName);
  world.group.terminate(victim as unknown as ThreadName, {
    kind: 'threw',
    message: 'stopped by the soak',
  });
  totals.stops[victim]++;
  await until(`${victim} is back`, () => {
    const isNew = world.group.epochOf(victim as unknown as ThreadName) > lives;
    return isNew && world.system.remote.threads.length === 2;
  });
  if (victim === 't1') await look();
  totals.received += seen.received;
  totals.misplaced += seen.misplaced;
  const left = victim === 't1' ? sink : source;
  await world.system.ask(launcher, 'stop', left);
  residentMiB.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  const stops = totals.stops.t1 + totals.stops.t2;
  process.stderr.write(
    `${(totals.received / 1e6).toFixed(1)} M messages, ${totals.misplaced} misplaced, ${stops} stops, ${residentMiB.at(-1)} MiB\n`,
  );
}

async function start(exportName: string, thread: string): Promise<ActorRef> {
  const answer = await world.system.ask(launcher, 'start', { exportName, thread });
  if (answer.kind !== 'answered') throw new Error(answer.error.message);
  return answer.value as ActorRef;
}
