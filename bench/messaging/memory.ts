/**
 * How many bytes of heap does an idle actor hold? 50,000 are started and kept; the heap is read after full collections,
 * before the first and after the last. Once for actors that never had a message, once for those that had one.
 *
 *     node bench/messaging/memory.ts
 */
import { contest, type Question } from '../harness/contest.ts';
import { countTo } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { erlang } from '../runtimes/erlang.ts';
import { type LocalName, RUNTIMES } from '../runtimes/index.ts';
import { type Ref, spawnMany } from '../runtimes/runtime.ts';

const ACTORS = 50_000;
const WAVE = 500;
const PEERS: readonly LocalName[] = ['Skein', 'floor', 'xstate', 'nact', 'comedy', 'effect'];

interface Tally {
  seen: number;
  readonly done: (seen: number) => void;
}

function heapBytes(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function bytesAnActor(name: LocalName, isTold: boolean): Promise<Measured> {
  const runtime = await RUNTIMES[name]();
  const idle = runtime.define({
    kind: 'idle',
    initial: (tally: Tally) => tally,
    receive: (tally) => {
      if (++tally.seen === ACTORS) tally.done(tally.seen);
    },
  });
  const { counted, done } = countTo(ACTORS);
  const tally: Tally = { seen: 0, done };
  // The first wave pays for code, tables and pools; it is not counted.
  const args = new Array<Tally>(WAVE).fill({ seen: 0, done });
  await spawnMany(runtime, idle, args);
  args.fill(tally);
  const kept = new Array<Ref>(ACTORS).fill(tally);
  const before = heapBytes();
  for (let at = 0; at < ACTORS; at += WAVE) {
    const wave = await spawnMany(runtime, idle, args);
    for (let each = 0; each < WAVE; each++) kept[at + each] = wave[each] as Ref;
  }
  if (isTold) {
    for (const each of kept) runtime.send(each, 1);
    await counted;
  }
  // The turns that brought the last messages are over, and with them what they held.
  await new Promise<void>((resolve) => setImmediate(resolve));
  return { value: (heapBytes() - before) / kept.length, n: ACTORS };
}

const question = (metric: string, isTold: boolean): Question => ({
  suite: 'messaging',
  metric,
  unit: 'bytes/actor',
  contestants: {
    ...Object.fromEntries(PEERS.map((name) => [name, () => bytesAnActor(name, isTold)])),
    Erlang: () => erlang(metric, { nMax: ACTORS }),
  },
});

await contest(import.meta.filename, [
  question('memory', false),
  question('memory, after a message', true),
]);
