/**
 * One machine of the test network: a whole node with a courier that numbers what it sends and looks at what it gets. Takes a
 * command a line on standard input, answers each by a line on standard output, and ends when its input does.
 *
 *     node scripts/network/machine.ts NATS_URL LAN_ADDRESS DATA_DIR [CLUSTER]
 *
 * Times are of CLOCK_MONOTONIC, which all namespaces of one kernel share.
 */
import { createInterface } from 'node:readline';
import { type ActorRef, defineActor } from '../../src/kernel/index.ts';
import { startNode } from '../../src/runtime/index.ts';
import type { Command, MachineReport } from './commands.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { nowMs } from './now.ts';

const [, , natsUrl = '', directHost = '', dataDir = '', cluster = 'network'] = process.argv;
const TELL_EVERY_MS = 40;
const ASK_EVERY_MS = 250;
const ASK_TIMEOUT_MS = 1_000;
/** IDs of asks that were certainly not run, kept to be checked at the other end. */
const UNDELIVERED_MAX = 1_000;

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const startedMs = nowMs();
const started = await startNode({
  dataDir,
  threads: 1,
  warmHosts: 0,
  log: { level: 'info', format: 'json' },
  cluster: { name: cluster, natsUrl, directHost },
  onPhase: ({ name }) => say({ phase: name, atMs: nowMs() }),
});
if (!started.ok) {
  say({ failed: started.error.message });
  process.exit(1);
}
const node = started.value;
const { system } = node;
const ledger = new Ledger();
const courier = defineActor({
  kind: 'courier',
  initial: () => undefined,
  receive: {
    number: (_state, { from, n, sentMs }: { from: string; n: number; sentMs: number }) =>
      ledger.took(from, n, sentMs),
    work: (_state, { from, n }: { from: string; n: number }) => ledger.worked(from, n),
  },
});
system.spawn(courier, undefined, { name: 'courier' });

interface Sending {
  readonly ref: ActorRef;
  sent: number;
  refused: number;
  asked: number;
  readonly answers: Record<string, number>;
  readonly undelivered: number[];
}
const sending = new Map<string, Sending>();
let isSending = false;
let load: Load | undefined;

function refOf(peer: string): ActorRef {
  const ref = system.refAt(`skein://${peer}/main/root/courier`);
  if (!ref.ok) throw new Error(ref.error.message);
  return ref.value;
}

function tellAll(): void {
  if (!isSending) return;
  for (const each of sending.values()) {
    const message = { from: node.id, n: each.sent + 1, sentMs: nowMs() };
    if (system.tell(each.ref, 'number', message).kind === 'accepted') each.sent++;
    else each.refused++;
  }
}

function askAll(): void {
  if (!isSending) return;
  for (const each of sending.values()) {
    const n = ++each.asked;
    void system
      .ask(each.ref, 'work', { from: node.id, n }, { timeoutMs: ASK_TIMEOUT_MS })
      .then((result) => {
        const name =
          result.kind === 'answered' ? 'answered' : `${result.kind} ${result.error.code}`;
        each.answers[name] = (each.answers[name] ?? 0) + 1;
        const isKept = result.kind === 'not-delivered' && each.undelivered.length < UNDELIVERED_MAX;
        if (isKept) each.undelivered.push(n);
      });
  }
}
setInterval(tellAll, TELL_EVERY_MS);
setInterval(askAll, ASK_EVERY_MS);

async function report(): Promise<MachineReport> {
  const { cluster: status, deadLetters } = await node.status();
  return {
    isConnected: status?.isConnected ?? false,
    members: (status?.members ?? []).map(({ node: member, status: is }) => ({ node: member, is })),
    links: (status?.peers ?? []).map(({ from, node: to, thread, path }) => ({
      from,
      to: `${to}/${thread}`,
      path,
    })),
    deadLetters,
    sent: Object.fromEntries(
      [...sending].map(([peer, { ref: _, ...counts }]) => [peer, structuredClone(counts)]),
    ),
    received: ledger.report(),
  };
}

async function carryOut(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'report':
      return report();
    case 'exchange':
      for (const peer of command.peers) {
        if (sending.has(peer)) continue;
        const ref = refOf(peer);
        sending.set(peer, { ref, sent: 0, refused: 0, asked: 0, answers: {}, undelivered: [] });
      }
      isSending = true;
      return {};
    case 'rest':
      isSending = false;
      return {};
    case 'heard-since':
      return ledger.heardSince(command.sinceMs, command.peers);
    case 'has-run':
      return command.numbers.filter((n) => ledger.hasWorked(command.from, n)).length;
    case 'load':
      load ??= await Load.start(node, natsUrl);
      load.isOn = command.isOn;
      return {};
    case 'load-report':
      return load?.report();
    case 'audit':
      return load?.audit();
    case 'ask': {
      const payload = { from: node.id, n: command.n };
      const asked = await system.ask(refOf(command.peer), 'work', payload, { timeoutMs: 5_000 });
      return asked.kind === 'answered' ? asked.value : { failed: asked.error.code };
    }
  }
}

say({ ready: node.id, startedMs, atMs: nowMs() });
const input = createInterface(process.stdin);
input.on('line', (line) => {
  const command = JSON.parse(line) as Command;
  void carryOut(command).then((answer) => say({ id: command.id, answer }));
});
input.on('close', () => process.exit(0));
