/** Cables are cut and mended, one after the other, while everybody sends to everybody: how long until all is as before? */
import { seededRandom } from '../../src/host/index.ts';
import type { CheckContext } from './check.ts';
import { begin, judgeDelivery, othersOf } from './exchange.ts';
import { findings, percentileOf } from './finding.ts';
import { allSeeAll, lastSeenMs, type Machine, startMachines } from './machines.ts';
import { nowMs, sleep, until } from './now.ts';
import { type Cable, type Direction, MACHINES } from './topology.ts';

const LONG_MS = 10_000;
const SHORT_MS = { min: 300, max: 3_000 } as const;
/** Every so many cuts a long one. */
const LONG_EVERY = 10;
const CABLES: readonly Cable[] = ['a1', 'a2', 'b1', 'a', 'b'];
const DIRECTIONS: readonly Direction[] = ['both', 'out', 'in'];
const RECOVERY_MS = 60_000;

interface Recovery {
  readonly lengthMs: number;
  /** From the mending until every machine has heard something new of every other; until all think that all are alive. */
  readonly heardMs: number;
  readonly agreedMs: number;
}

export async function cuts(context: CheckContext): Promise<void> {
  const { network, cuts: wanted, seed, report, progress } = context;
  const random = seededRandom(`cuts ${seed}`);
  const some = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const machines = await startMachines(network, MACHINES, { cluster: 'cuts' });
  await until('all see all', () => allSeeAll(machines));
  await begin(machines);
  const recoveries: Recovery[] = [];
  for (let at = 1; at <= wanted; at++) {
    const [cable, direction] = [some(CABLES), some(DIRECTIONS)];
    const shortMs = SHORT_MS.min + random.next() * (SHORT_MS.max - SHORT_MS.min);
    const lengthMs = at % LONG_EVERY === 0 ? LONG_MS : shortMs;
    await sleep(200 + random.next() * 600);
    network.cut(cable, direction);
    await sleep(lengthMs);
    network.heal(cable);
    const recovery = await recovered(machines, lengthMs);
    recoveries.push(recovery);
    progress(
      `cut ${at}/${wanted}: ${cable} ${direction} for ${Math.round(lengthMs)} ms, heard after ${Math.round(recovery.heardMs)} ms, agreed after ${Math.round(recovery.agreedMs)} ms`,
    );
  }
  const rows = findings('cuts', report);
  rows.atLeast('recovered without anybody doing anything', recoveries.length, 'cuts', wanted);
  for (const [name, chosen] of [
    [
      `cuts of ${SHORT_MS.min} to ${SHORT_MS.max} ms`,
      recoveries.filter((r) => r.lengthMs < LONG_MS),
    ],
    [`cuts of ${LONG_MS} ms`, recoveries.filter((r) => r.lengthMs >= LONG_MS)],
  ] as const) {
    if (chosen.length === 0) continue;
    const heard = chosen.map(({ heardMs }) => heardMs);
    const agreed = chosen.map(({ agreedMs }) => agreedMs);
    rows.atMost(`${name}: messages flow again, p50`, percentileOf(heard, 0.5), 'ms');
    rows.atMost(`${name}: messages flow again, p95`, percentileOf(heard, 0.95), 'ms', 3_000);
    rows.atMost(`${name}: messages flow again, max`, Math.max(...heard), 'ms', 10_000);
    rows.atMost(`${name}: all think that all are alive, p50`, percentileOf(agreed, 0.5), 'ms');
    rows.atMost(`${name}: all think that all are alive, p95`, percentileOf(agreed, 0.95), 'ms');
    rows.atMost(`${name}: all think that all are alive, max`, Math.max(...agreed), 'ms', 10_000);
  }
  await judgeDelivery(machines, rows);
  for (const machine of machines) await machine.end();
}

/** Waits until all is as before the cut. */
async function recovered(machines: readonly Machine[], lengthMs: number): Promise<Recovery> {
  const healedMs = nowMs();
  const heard = machines.map(async (machine) => {
    const peers = othersOf(machines, machine).map(({ id }) => id());
    const wish = { do: 'heard-since', sinceMs: healedMs, peers } as const;
    return Math.max(...Object.values(await machine.say<Record<string, number>>(wish)));
  });
  const heardMs = Math.max(...(await Promise.all(heard))) - healedMs;
  await until('all think that all are alive', () => allSeeAll(machines), RECOVERY_MS);
  const agreedMs = Math.max(0, lastSeenMs(machines) - healedMs);
  return { lengthMs, heardMs, agreedMs };
}
