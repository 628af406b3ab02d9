/**
 * A nats-server of our own: on a free loopback port, with JetStream, its configuration written to a file that an operator may
 * read. When it dies it is started again on the same port, with growing delays, so that clients find it where it was.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  failure,
  type Log,
  type Processes,
  type ProcessHandle,
  type Random,
  type Result,
  success,
  type Timers,
} from '../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';

export interface NatsServerOptions {
  /** The program, found already (`findProgram`). */
  readonly program: string;
  /** Holds `nats-server.conf` and JetStream's files; made when it is missing. */
  readonly dataDir: string;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Default: a free one. */
  readonly port?: number;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: () => number | undefined;
  /** Ends the process for good; settles when it has exited. */
  readonly close: () => Promise<void>;
}

const START_MS = 10_000;
const RESTART = { minMs: 100, maxMs: 5_000, jitterRatio: 0.2 };
/** After this long a start counts as good, and the delays begin anew. */
const STEADY_MS = 30_000;
const SAID_BYTES = 4_096;
const LISTENING = /Listening for client connections on .*:(\d+)/;
const READY = /Server is ready/;

export async function startNatsServer(options: NatsServerOptions): Promise<Result<NatsServer>> {
  const { dataDir, port = -1 } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const first = await startOnce(options, await writeConfig(dataDir, port));
  if (!first.ok) return first;
  const { port: found } = first.value;
  const config = await writeConfig(dataDir, found);
  return success(supervise(options, config, first.value));
}

async function writeConfig(dataDir: string, port: number): Promise<string> {
  const file = join(dataDir, 'nats-server.conf');
  const lines = [
    '# Written by Skein at each start of its own nats-server.',
    `host: "127.0.0.1"`,
    `port: ${port}`,
    'max_payload: 1MB',
    'max_pending: 64MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(dataDir, 'jetstream'))}`,
    '}',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(file, 0o600);
  return file;
}

interface Started {
  readonly handle: ProcessHandle;
  readonly port: number;
}

/** Settles when the server says that it is ready, or with what it said instead. */
function startOnce(options: NatsServerOptions, config: string): Promise<Result<Started>> {
  const { program, processes, timers } = options;
  const handle = processes.start({ file: program, args: ['-c', config], env: {} });
  const { promise, resolve } = Promise.withResolvers<Result<Started>>();
  let said = '';
  const fail = (reason: string): void => {
    resolve(failure('NATS_FAILED', { reason: `${reason}: ${lastLines(said)}` }));
  };
  const timer = timers.after(START_MS, () => {
    fail(`nats-server was not ready in ${START_MS} ms`);
    handle.kill();
  });
  handle.onStderr((bytes) => {
    said = (said + Buffer.from(bytes).toString('utf8')).slice(-SAID_BYTES);
    const port = LISTENING.exec(said)?.[1];
    if (port === undefined || !READY.test(said)) return;
    timer.cancel();
    resolve(success({ handle, port: Number(port) }));
  });
  handle.onExit(({ exitCode, signal }) => {
    timer.cancel();
    fail(`nats-server ended (${signal ?? `exit code ${exitCode}`})`);
  });
  return promise;
}

const lastLines = (said: string): string =>
  said.trim().split('\n').slice(-3).join(' | ') || 'silent';

function supervise(options: NatsServerOptions, config: string, first: Started): NatsServer {
  const { clock, timers, random, log } = options;
  const { port } = first;
  let running: ProcessHandle | undefined;
  let isClosed = false;
  let attempt = 0;
  let exited = Promise.resolve();
  const watch = (handle: ProcessHandle): void => {
    running = handle;
    const sinceMs = clock.monotonicMs();
    exited = new Promise((resolve) => {
      handle.onExit(({ exitCode, signal }) => {
        running = undefined;
        resolve();
        if (isClosed) return;
        attempt = clock.monotonicMs() - sinceMs > STEADY_MS ? 1 : attempt + 1;
        const delayMs = backoffDelayMs(RESTART, attempt, random);
        log.error('nats-server ended and is started again', { exitCode, signal, delayMs });
        timers.after(delayMs, restart);
      });
    });
  };
  const restart = async (): Promise<void> => {
    if (isClosed) return;
    const again = await startOnce(options, config);
    if (again.ok && isClosed) again.value.handle.kill();
    else if (again.ok) watch(again.value.handle);
    else {
      attempt++;
      log.error('nats-server could not be started', { error: again.error });
      timers.after(backoffDelayMs(RESTART, attempt, random), restart);
    }
  };
  watch(first.handle);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: () => running?.pid,
    close: async () => {
      isClosed = true;
      running?.kill();
      await exited;
    },
  };
}
