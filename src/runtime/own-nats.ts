/** A nats-server of one's own: for a node, or a group of nodes, that is given none. It ends with the process that started it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Log, Result } from '../contracts/index.ts';
import { success } from '../contracts/index.ts';
import { dyingWithParent, findProgram, realPorts, realProcesses } from '../host/index.ts';
import { type NatsServer, startNatsServer } from '../transport/index.ts';

/** Failures: PROGRAM_MISSING, NATS_FAILED. */
export async function ownServer(
  dataDir: string,
  cluster: string,
  log: Log,
): Promise<Result<NatsServer>> {
  const found = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
  if (!found.ok) return found;
  const isShort = dataDir === 'memory';
  const folder = isShort
    ? await mkdtemp(resolve(tmpdir(), 'skein-nats-'))
    : resolve(dataDir, 'nats');
  const remove = async (): Promise<void> => {
    if (isShort) await rm(folder, { recursive: true, force: true });
  };
  const ports = { ...realPorts, processes: dyingWithParent(realProcesses) };
  const place = { program: found.value, dataDir: folder, cluster };
  const server = await startNatsServer({ ...ports, ...place, log });
  if (!server.ok) {
    await remove();
    return server;
  }
  const close = async (): Promise<void> => {
    await server.value.close();
    await remove();
  };
  return success({ ...server.value, close });
}
