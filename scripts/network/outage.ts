/**
 * The rendezvous is killed under load and comes back after a while: what goes on without it, what waits, what is refused, and
 * whether anything that was acknowledged is lost or done twice.
 */

import type { CheckContext } from './check.ts';
import type { Audit, LoadReport, MachineReport } from './commands.ts';
import { begin, judgeDelivery, othersOf } from './exchange.ts';
import { findings, percentileOf } from './finding.ts';
import { allSeeAll, lastSeenMs, type Machine, startMachines } from './machines.ts';
import { nowMs, sleep, until } from './now.ts';
import { MACHINES } from './topology.ts';

const BEFORE_MS = 5_000;
const AFTER_MS = 5_000;
const STEADY_MS = 10_000;
const TRUTH_MS = 5_000;
const WAIT_MS = 60_000;

export interface OutageContext extends CheckContext {
  readonly outageMs: number;
  /** Ends the nats-server, and starts the next on what the last one kept. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
}

export async function outage(context: OutageContext): Promise<void> {
  const { network, report, progress, outageMs } = context;
  const rows = findings('outage', report);
  const machines = await startMachines(network, MACHINES, { cluster: 'outage' });
  await until('all see all', () => allSeeAll(machines));
  await Promise.all(machines.map((machine) => machine.say({ do: 'load', isOn: true })));
  await begin(machines);
  await sleep(BEFORE_MS);
  const before = await Promise.all(machines.map(loadOf));

  progress(`the nats-server is killed for ${outageMs} ms`);
  const killedMs = nowMs();
  await context.kill();
  const areConnected = async (is: boolean): Promise<boolean> => {
    const all = await Promise.all(machines.map((machine) => machine.report()));
    return all.every(({ isConnected }) => isConnected === is);
  };
  await until('every node says that it is not connected', () => areConnected(false));
  rows.atMost(
    'every status says that it is not connected, after',
    nowMs() - killedMs,
    'ms',
    TRUTH_MS,
  );
  await sleep(Math.max(0, outageMs - (nowMs() - killedMs) - 1_000));
  const during = await Promise.all(machines.map(loadOf));
  const inOutage = await Promise.all(machines.map((machine) => machine.report()));
  rows.holds(
    'no status says anything else while it lasts',
    !inOutage.some(({ isConnected }) => isConnected),
    'looked at its end',
  );
  sayDuring(machines, { before, during, inOutage, outageMs });

  const backMs = nowMs();
  await context.restart();
  progress('the nats-server is back');
  const heard = machines.map((machine) => {
    const peers = othersOf(machines, machine).map(({ id }) => id());
    return machine.say<Record<string, number>>({ do: 'heard-since', sinceMs: nowMs(), peers });
  });
  const heardMs = Math.max(...(await Promise.all(heard)).flatMap((each) => Object.values(each)));
  rows.atMost('messages flow between all again, after', heardMs - backMs, 'ms', STEADY_MS);
  await until('every node says that it is connected', () => areConnected(true), WAIT_MS);
  rows.atMost('every status says that it is connected, after', nowMs() - backMs, 'ms', STEADY_MS);
  const firstWrites = async (): Promise<readonly number[]> =>
    (await Promise.all(machines.map(loadOf))).map(({ resumedMs }) => resumedMs);
  const wroteAgain = async () => (await firstWrites()).every((atMs) => atMs > backMs);
  await until('shared writes go on', wroteAgain, WAIT_MS);
  const wrote = await firstWrites();
  rows.atMost(
    'shared writes are acknowledged again, after',
    Math.max(...wrote) - backMs,
    'ms',
    STEADY_MS,
  );
  await until('all see all', () => allSeeAll(machines), WAIT_MS);
  rows.atMost(
    'all think that all are alive, after',
    Math.max(0, lastSeenMs(machines) - backMs),
    'ms',
    STEADY_MS,
  );
  await sleep(AFTER_MS);

  await Promise.all(machines.map((machine) => machine.say({ do: 'load', isOn: false })));
  await judgeDelivery(machines, rows, { mayLose: linksLost(machines) });
  await judgeDurable(machines);
  for (const machine of machines) await machine.end();

  function sayDuring(
    all: readonly Machine[],
    found: {
      before: readonly LoadReport[];
      during: readonly LoadReport[];
      inOutage: readonly MachineReport[];
      outageMs: number;
    },
  ): void {
    const times = all.flatMap((_, at) => {
      const { runTimesMs } = found.during[at] as LoadReport;
      return runTimesMs.slice((found.before[at] as LoadReport).runs);
    });
    const failed = found.during.flatMap(({ failedRuns }) => Object.values(failedRuns));
    // Half of what the load asks for: the machine may be busy with other things.
    const wanted = Math.round((all.length * found.outageMs) / 1_000);
    rows.atLeast('runs acknowledged while it was away', times.length, 'runs', wanted);
    rows.atMost('runs while it was away, p99', percentileOf(times, 0.99), 'ms');
    rows.atMost(
      'runs that failed',
      failed.reduce((sum, count) => sum + count, 0),
      'runs',
      0,
    );
    for (const [at, { links }] of found.inOutage.entries()) {
      const ways = links.map(({ path }) => path).join(', ');
      progress(`links of ${all[at]?.name} at the end of the outage: ${ways || 'none'}`);
    }
  }

  async function judgeDurable(all: readonly Machine[]): Promise<void> {
    const sums = { runs: 0, written: 0, refusedWrites: 0, unknownWrites: 0 };
    const audits = { lostRuns: 0, repeatedRuns: 0, lostWrites: 0, ghostWrites: 0 };
    for (const machine of all) {
      const load = await loadOf(machine);
      const audit = await machine.say<Audit>({ do: 'audit' });
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += load[name];
      for (const name of Object.keys(audits) as (keyof typeof audits)[])
        audits[name] += audit[name];
    }
    rows.atLeast('runs acknowledged', sums.runs, 'runs', 1);
    rows.atMost(
      'runs that were acknowledged and are not in the journal',
      audits.lostRuns,
      'runs',
      0,
    );
    rows.atMost('calls that were made twice', audits.repeatedRuns, 'runs', 0);
    rows.atLeast('shared writes acknowledged', sums.written, 'writes', 1);
    rows.atLeast('shared writes refused for certain', sums.refusedWrites, 'writes', 1);
    rows.atMost('shared writes of unknown outcome', sums.unknownWrites, 'writes');
    rows.atMost(
      'shared writes that were acknowledged and are lost',
      audits.lostWrites,
      'writes',
      0,
    );
    rows.atMost('shared writes that were refused and are there', audits.ghostWrites, 'writes', 0);
  }
}

const loadOf = (machine: Machine): Promise<LoadReport> => machine.say({ do: 'load-report' });

/** Links whose loss a node has logged: their unacknowledged tells are lost with a word, as docs/semantics.md says. */
function linksLost(machines: readonly Machine[]): number {
  return machines
    .flatMap(({ warnings }) => warnings)
    .filter((line) => line.includes('a link to another node closed')).length;
}
