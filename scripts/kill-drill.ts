/**
 * `npm run drill:halt -- [--nodes=5] [--actors=100] [--json]`: nodes of a cluster, each a process, with busy skills on all: loops of calls to
 * a local server that notes when each arrives, calls that hang, and native loops. `skein halt --all`, then what still arrived and
 * what is left; a node is killed and comes back halted; `skein halt --release all`, and work goes on. Exit code 1 when a goal is missed:
 * every node confirms, no call arrives later than 500 ms after the order, no host process and no hanging socket is left.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlClient } from '../src/api/index.ts';
import type { StructuredOutcome } from '../src/contracts/index.ts';
import type { NodeStatus } from '../src/runtime/index.ts';
import { type BusyKind, busySkill, startArrivals } from '../tests/support/busy-skills.ts';
import { startTestNats } from '../tests/support/nats.ts';
import { skein, startSkein } from '../tests/support/skein-command.ts';
import { until } from '../tests/support/until.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5' },
    actors: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});
const nodeCount = Number(values.nodes);
const actorCount = Number(values.actors);
const say = (text: string): boolean => process.stderr.write(`${text}\n`);

/** Calls that arrive later than this after the order was given are too late. */
const GOAL_MS = 500;
/** How long late calls are waited for. */
const AFTERWARDS_MS = 5_000;
/** Of the server's answers, so that the machine is not the limit. */
const ANSWER_MS = 1_000;
/** Host processes that start at the same time: more would not be sooner, and each has a limit for its start. */
const AT_ONCE = 4;
/** On a busy machine the first host process may be too late. */
const STARTS_MAX = 5;
const PATIENCE_MS = 200_000;

interface DrillNode {
  readonly data: string;
  process: ChildProcess;
  client: ControlClient;
}

interface Judged {
  readonly order: string;
  readonly record: { readonly order: { readonly atMs: number } };
  readonly nodes: readonly {
    readonly node: string;
    readonly confirmed: boolean;
    readonly elapsedMs: number | null;
    readonly reason: string | null;
    readonly stopped: { readonly runs: number; readonly hostCalls: number } | null;
  }[];
}

/** Two of ten hang, one of ten is a native loop, the others call. */
const kindOf = (index: number): BusyKind =>
  index % 10 === 9 ? 'native' : index % 10 >= 7 ? 'hung' : 'calling';

const folder = mkdtempSync(join(tmpdir(), 'skein-drill-'));
const arrivals = await startArrivals(ANSWER_MS);
/** Written once, before a node reads them. */
const skills: Readonly<Record<BusyKind, string>> = {
  calling: busySkill(folder, 'calling', arrivals.host),
  hung: busySkill(folder, 'hung', arrivals.host),
  native: busySkill(folder, 'native', arrivals.host),
};
const nats = await startTestNats();
const nodes: DrillNode[] = [];
try {
  process.exitCode = await drill();
} finally {
  for (const node of nodes) await ended(node, 'SIGINT');
  await nats.close();
  arrivals.close();
  rmSync(folder, { recursive: true, force: true });
}

async function drill(): Promise<number> {
  // One after the other: their starts are not what is looked at.
  for (let at = 1; at <= nodeCount; at++) nodes.push(await started(join(folder, `n${at}`)));
  const [first] = nodes as [DrillNode];
  const clients = nodes.map(({ client }) => client);
  await until('they know each other', async () => {
    const status = await first.client.get<NodeStatus>('/v1/status');
    return status.ok && status.value.cluster?.members.length === nodeCount;
  });
  say(`${nodes.length} nodes are ready`);
  const runs = await makeBusy(clients);
  const busy = { hosts: hostProcesses().length, calls: arrivals.atMs.length };
  say(`${busy.hosts} host processes, ${busy.calls} calls so far, ${arrivals.hanging()} hang`);

  const before = Date.now();
  const halted = await skein(
    ['halt', '--all', '--reason', 'drill', '--timeout', '10s', '--json'],
    first.data,
  );
  const commandMs = Date.now() - before;
  const [order] = (JSON.parse(halted.stdout) as { readonly orders: readonly Judged[] }).orders;
  if (!order) throw new Error(halted.stderr);
  const { atMs } = order.record.order;
  await new Promise((resolve) => setTimeout(resolve, AFTERWARDS_MS));
  const after = arrivals.atMs.filter((each) => each > atMs);
  const outcomes = await Promise.all(runs);
  const left = { hosts: hostProcesses().length, hangingSockets: arrivals.hanging() };

  const again = await restarted(first, order.order);
  const released = await skein(
    ['halt', '--release', 'all', '--timeout', '10s', '--json'],
    first.data,
  );
  const works = await Promise.all(clients.map(hello));

  const report = {
    nodes: nodes.length,
    actors: actorCount,
    busy,
    order: order.order,
    receipts: order.nodes.filter(({ confirmed }) => confirmed).length,
    lastReceiptMs: Math.max(...order.nodes.map(({ elapsedMs }) => elapsedMs ?? Number.NaN)),
    commandMs,
    stoppedRuns: sum(order, 'runs'),
    stoppedHostCalls: sum(order, 'hostCalls'),
    runsEndedHalted: outcomes.filter((each) => codeOf(each) === 'HALTED').length,
    callsAfterOrder: after.length,
    lastCallMs: after.length === 0 ? null : Math.max(...after) - atMs,
    callsAfter500ms: after.filter((each) => each > atMs + GOAL_MS).length,
    left,
    afterRestart: again,
    releasedExitCode: released.code,
    worksAfterRelease: works.filter((each) => each.ok).length,
  };
  const isMet =
    report.receipts === nodes.length &&
    report.callsAfter500ms === 0 &&
    report.runsEndedHalted === actorCount &&
    left.hosts + left.hangingSockets === 0 &&
    again === 'HALTED' &&
    released.code === 0 &&
    report.worksAfterRelease === nodes.length;
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...report, isMet })}\n` : text({ ...report, isMet }),
  );
  if (!isMet) say(`${halted.stdout}${halted.stderr}${JSON.stringify(outcomes.map(codeOf))}`);
  return isMet ? 0 : 1;
}

async function started(data: string): Promise<DrillNode> {
  const slots = Math.min(64, Math.ceil(actorCount / nodeCount) + 2);
  for (let tries = 1; ; tries++) {
    const limits = ['--threads', '1', '--slots', `${slots}`, '--warm-hosts', '0', '--log', 'error'];
    const args = ['node', '--json', '--cluster', 'drill', '--nats', nats.url, ...limits];
    const child = startSkein(args, data);
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr?.on('data', (chunk) => void process.stderr.write(chunk));
    await until(
      `the node on ${data} is ready`,
      () => said.includes('"ready"') || child.exitCode !== null,
      PATIENCE_MS,
    );
    if (child.exitCode === null) return { data, process: child, client: new ControlClient(data) };
    if (tries === STARTS_MAX) throw new Error('a node does not start');
    say('a node did not start; once more');
  }
}

async function ended({ process: child }: DrillNode, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A few at a time, each node in turn, until all actors are at work. */
async function makeBusy(
  clients: readonly ControlClient[],
): Promise<readonly Promise<StructuredOutcome>[]> {
  const runs: Promise<StructuredOutcome>[] = [];
  const kinds = Array.from({ length: actorCount }, (_, index) => kindOf(index));
  const inTurn = [
    ...kinds.filter((kind) => kind !== 'native'),
    ...kinds.filter((kind) => kind === 'native'),
  ];
  for (const [index, kind] of inTurn.entries()) {
    const client = clients[index % clients.length] as ControlClient;
    const run = busyRun(client, kind, index);
    void run.then((outcome) => {
      if (codeOf(outcome) !== 'HALTED') say(`a busy run ended: ${JSON.stringify(outcome)}`);
    });
    runs.push(run);
    await until(
      `${index + 1} busy actors`,
      () => arrivals.asked.size > index - AT_ONCE,
      PATIENCE_MS,
    );
  }
  const hung = kinds.filter((kind) => kind === 'hung').length;
  await until(
    'all are at work',
    () => arrivals.asked.size === actorCount + Math.sign(hung) && arrivals.hanging() === hung,
    PATIENCE_MS,
  );
  const [calls, wanted] = [arrivals.atMs.length, kinds.filter((kind) => kind === 'calling').length];
  await until('calls go on', () => arrivals.atMs.length > calls + 2 * wanted, PATIENCE_MS);
  return runs;
}

async function busyRun(
  client: ControlClient,
  kind: BusyKind,
  actor: number,
): Promise<StructuredOutcome> {
  const plan = {
    plan: kind,
    budget: { wallMs: 590_000 },
    grants: { http: { hosts: [arrivals.host], methods: ['GET'], privateAddresses: true } },
    steps: [
      {
        id: kind,
        skill: skills[kind],
        input: { url: arrivals.url, actor },
        retry: { attempts: 10 },
      },
    ],
  };
  const target = { kind: 'plan-text', text: JSON.stringify(plan) } as const;
  const answer = await client.run({ target }, () => undefined);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value.outcome;
}

async function hello(client: ControlClient): Promise<{ readonly ok: boolean }> {
  const request = { target: { kind: 'skill', skill: 'hello' }, input: { name: 'you' } } as const;
  const answer = await client.run(request, () => undefined);
  return answer.ok ? answer.value.outcome : answer;
}

/** Kills a node and starts it again. @returns the code with which it then refuses work, when it is back under the order */
async function restarted(node: DrillNode, order: string): Promise<string> {
  say(`kill -9 ${node.process.pid}`);
  await ended(node, 'SIGKILL');
  Object.assign(node, await started(node.data));
  const status = await node.client.get<NodeStatus>('/v1/status');
  const haltedBy = status.ok ? status.value.halts.haltedBy : null;
  if (haltedBy !== order) return `halted by ${haltedBy}`;
  return codeOf((await hello(node.client)) as StructuredOutcome);
}

/** Processes below the nodes that are sandbox hosts. */
function hostProcesses(): readonly number[] {
  const parents = new Map<number, number>();
  const hosts: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(pid, Number(parent));
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const isNode = /node$/.test(command[0] ?? '');
      if (state !== 'Z' && isNode && command.some((word) => /host-main\.[jt]s$/.test(word)))
        hosts.push(pid);
    } catch {
      // It ended as we looked.
    }
  }
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at; at = parents.get(at))
      if (nodes.some((node) => node.process.pid === at)) return true;
    return false;
  };
  return hosts.filter(isOurs);
}

function sum({ nodes }: Judged, what: 'runs' | 'hostCalls'): number {
  return nodes.reduce((all, { stopped }) => all + (stopped?.[what] ?? 0), 0);
}

function codeOf(outcome: StructuredOutcome): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

function text(report: object): string {
  const lines = Object.entries(report).map(
    ([name, value]) =>
      `${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return `${lines.join('\n')}\n`;
}
