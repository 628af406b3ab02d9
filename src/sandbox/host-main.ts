/**
 * Entry point of a sandbox host process. It carries strings between its pipe (file descriptor 3) and one isolate at a time,
 * and is meant to be killed: it keeps nothing, and the node believes nothing it says without a check.
 *
 * It starts with what loading takes, then gives it up for good: addons and file reads. Network, child processes, workers
 * were never granted. Then it says `ready`, with a list of every defence it found missing. When the pipe ends, so does it.
 */
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
// Not through the room's index: that would load worker threads and child processes into the host.
import { realTimers } from '../host/timers.ts';
import { encodeFrame, FrameReader } from './frame-codec.ts';
import { GuestRun, type RunEnd } from './guest-run.ts';
import type { NodeFrame, RunFrame } from './host-frames.ts';
import { readOsFacts } from './os-facts.ts';
import { openProcessMemory } from './process-memory.ts';
import { RealmStock } from './realm-stock.ts';

const MIB = 1024 * 1024;
/** Input and source at their largest, escaped. The node is trusted: this only catches a broken stream. */
const NODE_FRAME_BYTES_MAX = 128 * MIB;
const DEFAULT_MEMORY_MIB = 64;
const PERMISSIONS = ['addon', 'fs.read', 'fs.write', 'net', 'child', 'worker', 'wasi', 'inspector'];

interface Permission {
  readonly has: (scope: string) => boolean;
  readonly drop: (scope: string) => void;
}

/** The first process of a namespace is spared its own SIGKILL; a trap of the processor ends it. */
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
  process.abort();
};

/** Gives up every permission. @returns the defences that are not in force */
function disarm(): string[] {
  const missing = process.execArgv.includes('--no-node-snapshot') ? [] : ['--no-node-snapshot'];
  const { permission } = process as unknown as { readonly permission?: Permission };
  if (!permission) return [...missing, '--permission'];
  for (const scope of ['addon', 'fs.read', 'fs']) permission.drop(scope);
  const held = PERMISSIONS.filter((scope) => permission.has(scope));
  return [...missing, ...held.map((scope) => `a ban on ${scope}`)];
}

const { version: isolatedVm } = createRequire(import.meta.url)('isolated-vm/package.json');
const memory = openProcessMemory();
const dataLimitBytes = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
const realms = new RealmStock({ timers: realTimers, memory, dataLimitBytes });
realms.fill(DEFAULT_MEMORY_MIB);
let current: { readonly run: number; readonly guest: GuestRun } | undefined;
const os = process.platform === 'linux' ? readOsFacts() : undefined;
const missing = disarm();

const pipe = new Socket({ fd: 3, readable: true, writable: true });
for (const end of ['error', 'end', 'close']) pipe.on(end, die);
const send = (json: string): void => {
  pipe.write(encodeFrame(json));
};
const reader = new FrameReader({
  maxBytes: () => NODE_FRAME_BYTES_MAX,
  onFrame: (body) => receive(JSON.parse(Buffer.from(body).toString())),
});
pipe.on('data', (chunk: Buffer) => {
  if (!reader.push(chunk)) die();
});
send(JSON.stringify({ kind: 'ready', isolatedVm, node: process.version, missing, os }));

function receive(frame: NodeFrame): void {
  if (frame.kind === 'run') void execute(frame);
  // The answer of an earlier run may arrive late; its numbers mean nothing to this one.
  else if (frame.run === current?.run) current.guest.deliver(frame);
}

async function execute(frame: RunFrame): Promise<void> {
  const { run, resources } = frame;
  const realm = await realms.take(resources.memoryMiB);
  const head = (kind: string): string => `{"kind":"${kind}","run":${run}`;
  const guest = new GuestRun(frame, realm, {
    timers: realTimers,
    residentBytes: memory.residentBytes,
    processCpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    onCall: ({ name, argsJson, seq }) =>
      send(`${head('call')},"seq":${seq},"name":${JSON.stringify(name)},"args":${argsJson}}`),
    onLog: (lineJson) => send(`${head('log')},${lineJson.slice(1)}`),
  });
  current = { run, guest };
  const end = await guest.end;
  current = undefined;
  send(doneJson(run, end));
  if (end.ending.kind === 'limit') return;
  realm.isolate.dispose();
  realms.fill(resources.memoryMiB);
}

/** Text that was cut may end in half of a character, which the node takes for a lie. */
const wellFormed = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value;

/** The output is spliced in as the guest wrote it: it was measured and checked, and stays the same bytes. */
function doneJson(run: number, end: RunEnd): string {
  const { ending, outputJson, cpuMs, heapBytes, limitTouched } = end;
  const head = JSON.stringify({ kind: 'done', run, cpuMs, heapBytes, limitTouched });
  const body =
    outputJson === undefined
      ? JSON.stringify(ending, wellFormed)
      : `{"kind":"value","value":${outputJson}}`;
  return `${head.slice(0, -1)},"ending":${body}}`;
}
