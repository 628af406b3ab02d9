/** Partitions with a view that is known beforehand: who may be suspected, who has to be dead, and that all meet again. */
import type { CheckContext } from './check.ts';
import { findings } from './finding.ts';
import { allSeeAll, lastSeenMs, type Machine, startMachines } from './machines.ts';
import { nowMs, sleep, until } from './now.ts';
import { type Cable, type Direction, homeOf, MACHINES } from './topology.ts';

/**
 * Three members: a suspicion that another confirms lasts 1.2 s, and begins no sooner than one probe after the cut. TCP repeats what
 * a cut has swallowed after 0.2, 0.6 and 1.4 s, so that a cut of 0.5 s is one of up to 0.6 s for who hears nothing.
 */
const SHORT_MS = 500;
const LONG_MS = 8_000;
/** One that is left alone doubts itself, rightly, and takes longer. */
const ALONE_MS = 15_000;
const DEAD_MS = 5_000;
const HEALED_MS = 10_000;

const PARTITIONS: readonly (readonly [Cable, Direction])[] = [
  ['a1', 'both'],
  ['a1', 'out'],
  ['a1', 'in'],
  ['b', 'both'],
  ['a', 'out'],
  ['a', 'in'],
];

export async function partition({ network, report, progress }: CheckContext): Promise<void> {
  const rows = findings('partition', report);
  const machines = await startMachines(network, MACHINES, { cluster: 'partition' });
  await until('all see all', () => allSeeAll(machines));
  for (const [cable, direction] of PARTITIONS) {
    const name = `${cable} ${direction}`;
    progress(`partition ${name}, ${SHORT_MS} ms`);
    const short = await cutFor(cable, direction, SHORT_MS);
    rows.holds(
      `${name} for ${SHORT_MS} ms: nobody is dead`,
      short.deaths.length === 0,
      `${short.suspicions} suspicions, ${short.deaths.length} deaths`,
    );
    const left = machines.filter((machine) => !cutOff(cable, machine)).length;
    const longMs = left > 1 ? LONG_MS : ALONE_MS;
    progress(`partition ${name}, ${longMs} ms`);
    const long = await cutFor(cable, direction, longMs);
    const wanted = pairsApart(machines, cable);
    const found = wanted.filter(([by, of]) => long.deaths.some((d) => d.by === by && d.of === of));
    const majority = majoritySide(machines, cable);
    const isSeen = found.length >= 1 && majority.every((pair) => has(found, pair));
    rows.holds(
      `${name} for ${longMs} ms: who is cut off is dead for the others`,
      isSeen,
      long.deaths.map(({ by, of, afterMs }) => `${by}: ${of} ${Math.round(afterMs)} ms`).join(', '),
    );
    const others = long.deaths.filter(({ by, of }) => !has(wanted, [by, of]));
    rows.holds(`${name}: nobody else is`, others.length === 0, `${others.length} deaths`);
    const majorityMs = long.deaths.filter(({ by, of }) => has(majority, [by, of]));
    const slowestMs = Math.max(0, ...majorityMs.map(({ afterMs }) => afterMs));
    rows.atMost(`${name}: dead after`, slowestMs, 'ms', left > 1 ? DEAD_MS : ALONE_MS);
    rows.atMost(`${name}: all meet again after`, long.healedMs, 'ms', HEALED_MS);
  }
  for (const machine of machines) await machine.end();

  async function cutFor(cable: Cable, direction: Direction, lengthMs: number) {
    await sleep(1_000);
    const cutMs = nowMs();
    network.cut(cable, direction);
    await sleep(lengthMs);
    network.heal(cable);
    const mendedMs = nowMs();
    // A death that was decided in the last moment may be told after the mending.
    await sleep(1_000);
    await until('all see all', () => allSeeAll(machines), 60_000);
    const healedMs = Math.max(0, lastSeenMs(machines) - mendedMs);
    const nameOf = (node: string) => machines.find(({ id }) => id() === node)?.name ?? node;
    const news = machines.flatMap(({ name, seen }) =>
      seen
        .filter(({ atMs }) => atMs >= cutMs)
        .map(({ node, status, atMs }) => ({
          by: name,
          of: nameOf(node),
          status,
          afterMs: atMs - cutMs,
        })),
    );
    return {
      healedMs,
      deaths: news.filter(({ status }) => status === 'dead'),
      suspicions: news.filter(({ status }) => status === 'suspect').length,
    };
  }
}

type Pair = readonly [by: string, of: string];

const has = (pairs: readonly Pair[], [by, of]: Pair): boolean =>
  pairs.some((pair) => pair[0] === by && pair[1] === of);

/** Whom the cable cuts off, from the rendezvous and so from membership. */
const cutOff = (cable: Cable, { name }: Machine): boolean =>
  name === cable || homeOf(name) === cable;

/** All who cannot hear of each other any more: two of one cut-off home are among them, gossip has no way but the rendezvous. */
function pairsApart(machines: readonly Machine[], cable: Cable): readonly Pair[] {
  return machines.flatMap((by) =>
    machines
      .filter((of) => of !== by && (cutOff(cable, by) || cutOff(cable, of)))
      .map((of) => [by.name, of.name] as const),
  );
}

/** Those who still have the rendezvous have to know that the others are gone. */
const majoritySide = (machines: readonly Machine[], cable: Cable): readonly Pair[] =>
  pairsApart(machines, cable).filter(([by]) =>
    machines.some((machine) => machine.name === by && !cutOff(cable, machine)),
  );
