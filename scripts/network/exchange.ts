/** Work goes between all machines, each on the way that is there for it: direct inside a home, by NATS between homes. */
import type { CheckContext } from './check.ts';
import type { MachineReport } from './commands.ts';
import { findings } from './finding.ts';
import { allSeeAll, type Machine, startMachines } from './machines.ts';
import { sleep, until } from './now.ts';
import { homeOf, MACHINES } from './topology.ts';

const DIRECT_MS = 10_000;
const SEND_MS = 3_000;

export async function exchange({ network, report, progress }: CheckContext): Promise<void> {
  const machines = await startMachines(network, MACHINES, { cluster: 'exchange' });
  await until('all see all', () => allSeeAll(machines));
  const rows = findings('exchange', report);
  let answered = 0;
  for (const [from, to] of pairsOf(machines)) {
    const answer = await from.say({ do: 'ask', peer: to.id(), n: 1_000_000 });
    if (answer === 1_000_000) answered++;
  }
  rows.atLeast('asks answered, each machine to each other', answered, 'of 6', 6);
  await begin(machines);
  await sleep(SEND_MS);
  const isDirect = async () =>
    [...(await reportsOf(machines)).entries()].every(([machine, { links }]) =>
      links.every(({ to, path }) => path === wanted(machines, machine, to)),
    );
  await until('links take their ways', isDirect, DIRECT_MS).catch(() => undefined);
  for (const [machine, { links }] of await reportsOf(machines)) {
    for (const { to, path, from } of links) {
      const other = machines.find(({ id }) => to.startsWith(`${id()}/`));
      const goal = wanted(machines, machine, to);
      const what = `link ${machine.name}/${from} to ${other?.name ?? to}`;
      progress(`${what}: ${path}`);
      rows.holds(what, path === goal, `${path}, wanted ${goal}`);
    }
  }
  await judgeDelivery(machines, rows);
  for (const machine of machines) await machine.end();
}

function wanted(machines: readonly Machine[], { name }: Machine, to: string): 'tls' | 'nats' {
  const other = machines.find(({ id }) => to.startsWith(`${id()}/`));
  return other !== undefined && homeOf(other.name) === homeOf(name) ? 'tls' : 'nats';
}

export const othersOf = (machines: readonly Machine[], machine: Machine): readonly Machine[] =>
  machines.filter((other) => other !== machine);

export const pairsOf = (machines: readonly Machine[]): readonly (readonly [Machine, Machine])[] =>
  machines.flatMap((from) => othersOf(machines, from).map((to) => [from, to] as const));

/** Numbered tells and asks between all of them. */
export async function begin(machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) {
    const peers = othersOf(machines, machine).map(({ id }) => id());
    await machine.say({ do: 'exchange', peers });
  }
}

async function reportsOf(
  machines: readonly Machine[],
): Promise<ReadonlyMap<Machine, MachineReport>> {
  return new Map(
    await Promise.all(machines.map(async (each) => [each, await each.report()] as const)),
  );
}

const SETTLE_MS = 30_000;

/**
 * Stops the sending, waits for what is on its way, and compares both sides: nothing twice, nothing lost without a word.
 * `mayLose`: links that ended with a word in the log; without one nothing may be lost.
 */
export async function judgeDelivery(
  machines: readonly Machine[],
  rows: ReturnType<typeof findings>,
  { mayLose = 0 }: { readonly mayLose?: number } = {},
): Promise<void> {
  for (const machine of machines) await machine.say({ do: 'rest' });
  const sums = { sent: 0, refused: 0, lost: 0, repeated: 0, askedTwice: 0, ranUndelivered: 0 };
  const answers: Record<string, number> = {};
  const isSettled = async () => {
    const reports = await reportsOf(machines);
    return pairsOf(machines).every(([from, to]) => {
      const sent = reports.get(from)?.sent[to.id()];
      const settled = Object.values(sent?.answers ?? {}).reduce((sum, count) => sum + count, 0);
      const last = reports.get(to)?.received[from.id()]?.last ?? 0;
      return last === sent?.sent && settled === sent.asked;
    });
  };
  await until('all that was sent has come', isSettled, SETTLE_MS).catch(() => undefined);
  const reports = await reportsOf(machines);
  for (const [from, to] of pairsOf(machines)) {
    const sent = reports.get(from)?.sent[to.id()];
    const received = reports.get(to)?.received[from.id()];
    if (!sent || !received) throw new Error(`${from.name} and ${to.name} did not exchange work`);
    sums.sent += sent.sent;
    sums.refused += sent.refused;
    sums.lost += received.missing + sent.sent - received.last;
    sums.repeated += received.repeated;
    sums.askedTwice += received.workedTwice;
    for (const [kind, count] of Object.entries(sent.answers))
      answers[kind] = (answers[kind] ?? 0) + count;
    const numbers = sent.undelivered;
    sums.ranUndelivered += await to.say<number>({ do: 'has-run', from: from.id(), numbers });
  }
  const deadLetters = [...reports.values()].reduce((sum, each) => sum + each.deadLetters, 0);
  rows.atLeast('tells accepted', sums.sent, 'messages', 1);
  rows.atMost('tells refused, with an error to the sender', sums.refused, 'messages');
  rows.atMost('dead letters', deadLetters, 'messages');
  rows.atMost('links that ended, with a word in the log', mayLose, 'links');
  const lost = 'tells that were accepted and did not come';
  if (mayLose === 0) rows.atMost(lost, sums.lost, 'messages', 0);
  else rows.atMost(`${lost}, of links that ended`, sums.lost, 'messages');
  rows.atMost('tells that came again, or out of order', sums.repeated, 'messages', 0);
  for (const [kind, count] of Object.entries(answers)) rows.atMost(`asks: ${kind}`, count, 'asks');
  rows.atMost('asks that were run twice', sums.askedTwice, 'asks', 0);
  rows.atMost('asks told as not delivered that were run', sums.ranUndelivered, 'asks', 0);
}
