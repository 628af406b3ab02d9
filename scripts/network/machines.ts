/** The programs of the test network: the nats-server at the rendezvous, and a node on each machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MachineReport, Wish } from './commands.ts';
import { nowMs, until } from './now.ts';
import { type MachineName, RELAY, RENDEZVOUS, type Topology } from './topology.ts';

const MACHINE = fileURLToPath(new URL('./machine.ts', import.meta.url));
const SLOW_RELAY = fileURLToPath(new URL('./slow-relay.ts', import.meta.url));
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;
const ANSWER_MS = 60_000;

/** What one node said of another, when. */
export interface Seen {
  readonly node: string;
  readonly status: string;
  readonly atMs: number;
}

export interface Machine {
  readonly name: MachineName;
  readonly id: () => string;
  /** Spawned, connected and a member, ready. */
  readonly times: { startedMs: number; joinedMs: number; readyMs: number };
  /** Everything that it saw of others, in order. */
  readonly seen: readonly Seen[];
  /** What it thinks of every other node it ever heard of. */
  readonly view: () => ReadonlyMap<string, string>;
  /** Warnings of its log, but those of members. */
  readonly warnings: readonly string[];
  readonly say: <T = unknown>(wish: Wish) => Promise<T>;
  readonly report: () => Promise<MachineReport>;
  readonly end: () => Promise<void>;
}

const children = new Set<ChildProcess>();

/** For the end of the test, however it ends. */
export function endAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

function start(args: readonly string[], stderr: 'pipe' | 'ignore'): ChildProcess {
  const child = spawn('ip', args, { stdio: ['pipe', 'pipe', stderr] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  // Whoever is killed with a command on its way.
  child.stdin?.on('error', () => undefined);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** With JetStream in the network's folder, so that the next one finds what this one had. @returns what ends it, with `kill -9` */
export async function startRendezvous(network: Topology): Promise<() => Promise<void>> {
  const store = ['-js', '-sd', join(network.folder, 'jetstream')];
  const address = ['-a', RENDEZVOUS.host, '-p', String(RENDEZVOUS.port)];
  const args = ['nats-server', ...address, ...store];
  const child = spawn('ip', network.inside('net', ...args), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.add(child);
  let said = '';
  child.stderr?.on('data', (bytes) => {
    said = `${said}${bytes}`.slice(-4_096);
  });
  await until('the nats-server is ready', () => said.includes('Server is ready'), 10_000);
  return () => end(child);
}

/** Between each home and the rendezvous, a way that takes so long. @returns what ends both */
export async function startRelays(
  network: Topology,
  delayMs: number,
): Promise<() => Promise<void>> {
  const args = [RELAY.host, RELAY.port, RENDEZVOUS.host, RENDEZVOUS.port, delayMs].map(String);
  const relays = ['ra', 'rb'].map((router) =>
    start(network.inside(router, ...NODE, SLOW_RELAY, ...args), 'ignore'),
  );
  await Promise.all(relays.map((relay) => once(relay.stdout as NodeJS.ReadableStream, 'data')));
  return async () => {
    await Promise.all(relays.map(end));
  };
}

let lives = 0;

/** A node with a fresh data folder. The promise `ready` of it is awaited by the caller through `times.readyMs`. */
export function startMachine(
  network: Topology,
  name: MachineName,
  { cluster, at = RENDEZVOUS }: { cluster: string; at?: { host: string; port: number } },
): Machine {
  const data = join(network.folder, name, `data-${++lives}`);
  const url = `nats://${at.host}:${at.port}`;
  const command = [...NODE, MACHINE, url, network.addressOf(name), data, cluster];
  const times = { startedMs: nowMs(), joinedMs: 0, readyMs: 0 };
  const child = start(network.onMachine(name, ...command), 'pipe');
  const answers = new Map<number, (answer: never) => void>();
  const seen: Seen[] = [];
  const view = new Map<string, string>();
  const warnings: string[] = [];
  let id = '';
  let asked = 0;
  let failed: string | undefined;

  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
    const said = JSON.parse(line);
    if (said.id !== undefined) {
      answers.get(said.id)?.(said.answer as never);
      answers.delete(said.id);
    } else if (said.phase?.startsWith('cluster')) times.joinedMs = said.atMs;
    else if (said.ready) {
      id = said.ready;
      times.readyMs = said.atMs;
    } else if (said.failed) failed = said.failed;
  });
  createInterface(child.stderr as NodeJS.ReadableStream).on('line', (line) => {
    const logged = parsed(line);
    if (typeof logged?.member === 'string' && typeof logged.status === 'string') {
      seen.push({ node: logged.member, status: logged.status, atMs: nowMs() });
      view.set(logged.member, logged.status);
    } else warnings.push(line.slice(0, 300));
  });
  child.once('exit', (code) => {
    failed ??= `${name} ended with exit code ${code}`;
  });

  const say = <T>(wish: Wish): Promise<T> =>
    new Promise((resolve, reject) => {
      const commandId = ++asked;
      const timer = setTimeout(
        () => reject(new Error(`${name} did not answer ${wish.do}: ${failed ?? 'it runs'}`)),
        ANSWER_MS,
      );
      answers.set(commandId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      child.stdin?.write(`${JSON.stringify({ id: commandId, ...wish })}\n`);
    });
  return {
    name,
    id: () => {
      if (failed !== undefined) throw new Error(failed);
      return id;
    },
    times,
    seen,
    view: () => view,
    warnings,
    say,
    report: () => say<MachineReport>({ do: 'report' }),
    end: () => end(child),
  };
}

export async function startMachines(
  network: Topology,
  names: readonly MachineName[],
  options: { cluster: string; at?: { host: string; port: number } },
): Promise<readonly Machine[]> {
  const machines = names.map((name) => startMachine(network, name, options));
  await until('all nodes are ready', () => machines.every(({ id }) => id() !== ''), 60_000);
  return machines;
}

/** Whether each of them thinks that all others are alive, and knows of nobody else alive. */
export const allSeeAll = (machines: readonly Machine[]): boolean =>
  machines.every(({ name, view }) =>
    machines.every((other) => other.name === name || view().get(other.id()) === 'alive'),
  );

/** When the last of them last changed its mind about one of the others. */
export const lastSeenMs = (machines: readonly Machine[]): number =>
  Math.max(...machines.flatMap(({ seen }) => seen.map(({ atMs }) => atMs)));

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
