/** nats-servers that keep their streams together, or one alone, each in a process that can be killed and started again. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessHandle } from '../../src/contracts/index.ts';
import { findProgram, realProcesses } from '../../src/host/index.ts';
import { until } from './until.ts';

export interface NatsCluster {
  readonly urls: readonly string[];
  readonly kill: (at: number) => Promise<void>;
  readonly start: (at: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const SERVERS = 3;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startNatsCluster(servers = SERVERS): Promise<NatsCluster> {
  const found = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
  if (!found.ok) throw new Error(found.error.message);
  const program = found.value;
  const folder = await mkdtemp(join(tmpdir(), 'skein-nats-cluster-'));
  const ports = await Promise.all(Array.from({ length: servers }, freePort));
  const routePorts = await Promise.all(Array.from({ length: servers }, freePort));
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const running: (ProcessHandle | undefined)[] = [];
  const exits: Promise<void>[] = [];

  const start = async (at: number): Promise<void> => {
    const file = join(folder, `${at}.conf`);
    const config = [
      `server_name: s${at}`,
      `host: "127.0.0.1"`,
      `port: ${ports[at]}`,
      `jetstream { store_dir: ${JSON.stringify(join(folder, `s${at}`))} }`,
      ...(servers > 1
        ? [`cluster { name: test, listen: "127.0.0.1:${routePorts[at]}", routes: [${routes}] }`]
        : []),
    ];
    await writeFile(file, `${config.join('\n')}\n`);
    const handle = realProcesses.start({ file: program, args: ['-c', file], env: {} });
    let said = '';
    handle.onStderr((bytes) => {
      said = (said + Buffer.from(bytes).toString('utf8')).slice(-10_000);
    });
    exits[at] = new Promise((resolve) => handle.onExit(() => resolve()));
    running[at] = handle;
    await until(`server ${at} listens`, () => said.includes('Server is ready'));
  };
  const kill = async (at: number): Promise<void> => {
    running[at]?.kill();
    running[at] = undefined;
    await exits[at];
  };
  for (let at = 0; at < servers; at++) await start(at);
  return {
    urls: ports.map((port) => `nats://127.0.0.1:${port}`),
    kill,
    start,
    close: async () => {
      for (let at = 0; at < servers; at++) await kill(at);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
