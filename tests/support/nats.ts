/** A real nats-server for a test, with a data directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findProgram,
  realClock,
  realProcesses,
  realRandom,
  realTimers,
} from '../../src/host/index.ts';
import { type NatsServer, startNatsServer } from '../../src/transport/index.ts';
import { recordingLog } from './systems.ts';

export interface TestNats extends NatsServer {
  readonly dataDir: string;
  readonly program: string;
}

export async function startTestNats(): Promise<TestNats> {
  const found = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
  if (!found.ok) throw new Error(found.error.message);
  const dataDir = await mkdtemp(join(tmpdir(), 'skein-nats-'));
  const server = await startNatsServer({
    program: found.value,
    dataDir,
    processes: realProcesses,
    clock: realClock,
    timers: realTimers,
    random: realRandom,
    log: recordingLog().log,
  });
  if (!server.ok) throw new Error(server.error.message);
  const { close } = server.value;
  return {
    ...server.value,
    dataDir,
    program: found.value,
    close: async () => {
      await close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
