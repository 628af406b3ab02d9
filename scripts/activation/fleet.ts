/** Node processes around one nats-server, each behind a proxy of its own; killed, stopped, cut off and started again. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, realPorts, realProcesses } from '../../src/host/index.ts';
import { type SkeinNode, startNode } from '../../src/index.ts';
import { createLog } from '../../src/telemetry/index.ts';
import { startNatsServer } from '../../src/transport/index.ts';
import { type CutProxy, cutProxy } from './proxy.ts';

const NODE = new URL('./node.ts', import.meta.url);
const READY_MS = 90_000;
const STARTS = 5;

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms));

export interface FleetNode {
  readonly at: number;
  readonly proxy: CutProxy;
  child: ChildProcess | undefined;
  id: string;
  isReady: boolean;
  /** Times that it ended and nobody had killed it. */
  exits: number;
  /** What is wrong with it now. */
  fault: 'kill' | 'pause' | 'cut' | undefined;
}

export interface Fleet {
  readonly folder: string;
  readonly cluster: string;
  readonly natsUrl: string;
  readonly nodes: readonly FleetNode[];
  readonly turnsFiles: () => readonly string[];
  readonly start: (node: FleetNode) => Promise<void>;
  readonly kill: (node: FleetNode) => void;
  /** The server ends in order and comes back by itself. */
  readonly restartNats: () => void;
  readonly close: () => Promise<void>;
}

export async function startFleet(size: number): Promise<Fleet> {
  const program = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
  if (!program.ok) throw new Error(program.error.message);
  const folder = await mkdtemp(join(tmpdir(), 'skein-activation-'));
  const { clock } = realPorts;
  const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
  const nats = await startNatsServer({
    ...{ ...realPorts, processes: realProcesses, log },
    program: program.value,
    dataDir: join(folder, 'nats'),
  });
  if (!nats.ok) throw new Error(nats.error.message);
  const { port, url: natsUrl } = nats.value;
  const cluster = 'activation';
  let isClosed = false;
  const nodes: FleetNode[] = [];
  for (let at = 0; at < size; at++) {
    const proxy = await cutProxy(port);
    nodes.push({ at, proxy, child: undefined, id: '', isReady: false, exits: 0, fault: undefined });
  }
  const turnsFile = (at: number): string => join(folder, `turns-${at}`);

  const startOnce = async (node: FleetNode): Promise<void> => {
    const url = `nats://127.0.0.1:${node.proxy.port}`;
    const args = [join(folder, `node-${node.at}`), cluster, url, turnsFile(node.at)];
    const child = fork(NODE, args, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    node.child = child;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    child.on('message', (message: { readonly ready?: string }) => resolve(message.ready));
    child.on('exit', () => {
      resolve(undefined);
      if (node.child !== child) return;
      if (node.isReady) node.exits++;
      node.isReady = false;
    });
    const timer = setTimeout(() => resolve(undefined), READY_MS);
    const id = await promise;
    clearTimeout(timer);
    if (node.child !== child) return;
    node.isReady = id !== undefined;
    node.id = id ?? node.id;
  };
  /** A machine with much to do may not start a node in time: the failed process has said why. */
  const start = async (node: FleetNode): Promise<void> => {
    for (let tries = 0; tries < STARTS && !isClosed && !node.isReady; tries++)
      await startOnce(node);
  };
  const kill = (node: FleetNode): void => {
    node.child?.kill('SIGKILL');
    node.child = undefined;
    node.isReady = false;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    for (const node of nodes) kill(node);
    for (const { proxy } of nodes) proxy.close();
    await nats.value.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return {
    ...{ folder, cluster, natsUrl, nodes, start, kill, close },
    restartNats: () => {
      const pid = nats.value.pid();
      if (pid !== undefined) process.kill(pid, 'SIGTERM');
    },
    turnsFiles: () => nodes.map(({ at }) => turnsFile(at)),
  };
}

/** A node of this process that hosts nothing and asks the others; nobody breaks it. */
export async function startClient({ folder, cluster, natsUrl, close }: Fleet): Promise<SkeinNode> {
  let why = '';
  for (let tries = 0; tries < STARTS; tries++) {
    const client = await startNode({
      dataDir: join(folder, `client-${tries}`),
      threads: 1,
      warmHosts: 0,
      log: { level: 'silent', format: 'json' },
      cluster: { name: cluster, natsUrl },
    });
    if (client.ok) return client.value;
    why = client.error.message;
  }
  await close();
  throw new Error(why);
}
