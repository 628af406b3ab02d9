/** Three fresh nodes behind two NATs find each other: near the rendezvous, and far from it on a bad line. */
import type { CheckContext } from './check.ts';
import { findings, percentileOf } from './finding.ts';
import { allSeeAll, lastSeenMs, startMachines, startRelays } from './machines.ts';
import { until } from './now.ts';
import { MACHINES, RELAY, RENDEZVOUS } from './topology.ts';

const DELAY_MS = 75;
const LOSS_PERCENT = 5;
const GOAL_MS = 10_000;

export async function discovery({
  network,
  rounds,
  report,
  progress,
}: CheckContext): Promise<void> {
  const near = await measured('near', RENDEZVOUS);
  const endRelays = await startRelays(network, DELAY_MS);
  for (const machine of MACHINES) network.lose(machine, LOSS_PERCENT);
  const far = await measured('far', RELAY);
  for (const machine of MACHINES) network.lose(machine, 0);
  await endRelays();
  const rows = findings('discovery', report);
  const line = `RTT ${2 * DELAY_MS} ms, loss ${LOSS_PERCENT} %`;
  for (const [where, { start, joined }] of [
    ['', near],
    [`, ${line}`, far],
  ] as const) {
    rows.atMost(`process start to all see all, p50${where}`, percentileOf(start, 0.5), 'ms');
    rows.atMost(
      `process start to all see all, p95${where}`,
      percentileOf(start, 0.95),
      'ms',
      GOAL_MS,
    );
    rows.atMost(`last one joined to all see all, p95${where}`, percentileOf(joined, 0.95), 'ms');
  }
  rows.atLeast('packets that router A translated', network.translated('a'), 'packets', 1);
  rows.atLeast('packets that router B translated', network.translated('b'), 'packets', 1);

  async function measured(where: string, at: typeof RENDEZVOUS | typeof RELAY) {
    const start: number[] = [];
    const joined: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const machines = await startMachines(network, MACHINES, {
        cluster: `${where}-${round}`,
        at,
      });
      await until('all see all', () => allSeeAll(machines), 60_000);
      const seenMs = lastSeenMs(machines);
      const took = seenMs - Math.min(...machines.map(({ times }) => times.startedMs));
      start.push(took);
      joined.push(Math.max(0, seenMs - Math.max(...machines.map(({ times }) => times.joinedMs))));
      progress(`discovery ${where} ${round}/${rounds}: ${Math.round(took)} ms`);
      for (const machine of machines) await machine.end();
    }
    return { start, joined };
  }
}
