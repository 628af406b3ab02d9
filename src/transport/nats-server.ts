/**
 * A nats-server of our own: on a free loopback port, with JetStream, for those who have its key, its configuration in a file that
 * an operator may keep. When it dies it is started again on the same port, with growing delays, so that clients find it where it
 * was.
 */
import { mkdir } from 'node:fs/promises';
import {
  type Clock,
  failure,
  type Log,
  type Processes,
  type ProcessHandle,
  type Random,
  type Result,
  reasonOf,
  success,
  type Timers,
} from '../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import { writeServerConfig } from './nats-config.ts';
import { openServerUser } from './nats-credentials.ts';
import { type SlowConsumerCount, SlowConsumers } from './slow-consumers.ts';
import { endingWithParent } from './with-parent.ts';

export interface NatsServerOptions {
  /** The program, found already (`findProgram`). */
  readonly program: string;
  /** Holds `nats-server.conf`, `node.nk` and JetStream's files; made when it is missing. */
  readonly dataDir: string;
  /**
   * Only who has the seed in `node.nk` gets in, to the subjects of this cluster (`*`: of all) and to JetStream. Undefined: whoever
   * reaches the port may do anything.
   */
  readonly cluster?: string;
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
  /** What clients prove themselves with (`NatsOptions.credsFile`); undefined: nothing. */
  readonly credsFile: string | undefined;
  readonly slowConsumers: () => SlowConsumerCount;
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
const LISTENING = /Listening for client connections on (\S*):(\d+)/;
const READY = /Server is ready/;
const SLOW = /Slow Consumer/;
const ANY_ADDRESS = ['0.0.0.0', '::', '[::]', ''];

/** Failures: NATS_FAILED, NATS_CREDENTIALS_UNUSABLE, FILE_UNWRITABLE. */
export async function startNatsServer(options: NatsServerOptions): Promise<Result<NatsServer>> {
  const { dataDir, cluster, port = -1, clock, log } = options;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const user = cluster === undefined ? success(undefined) : openServerUser(dataDir);
    if (!user.ok) return user;
    const access = user.value && { cluster: cluster ?? '', user: user.value.publicKey };
    const { file, isKept } = await writeServerConfig({ dataDir, port, access });
    if (isKept)
      log.info('nats-server runs with the configuration that the operator keeps', { file });
    const slow = new SlowConsumers(clock, log);
    const first = await startOnce(options, ['-c', file], slow);
    if (!first.ok) return first;
    // On this port from now on, whatever the file says of it.
    const { port: found } = first.value;
    if (!isKept) await writeServerConfig({ dataDir, port: found, access });
    const args = ['-c', file, '-p', String(found)];
    const credsFile = user.value?.file;
    return success({ ...supervise(options, args, first.value, slow), credsFile });
  } catch (thrown) {
    return failure('FILE_UNWRITABLE', { file: dataDir, reason: reasonOf(thrown) });
  }
}

interface Started {
  readonly handle: ProcessHandle;
  readonly host: string;
  readonly port: number;
}

/** Settles when the server says that it is ready, or with what it said instead. */
function startOnce(
  options: NatsServerOptions,
  args: readonly string[],
  slow: SlowConsumers,
): Promise<Result<Started>> {
  const { program, processes, timers } = options;
  const handle = processes.start({ ...endingWithParent({ file: program, args }), env: {} });
  const { promise, resolve } = Promise.withResolvers<Result<Started>>();
  let said = '';
  const fail = (reason: string): void => {
    resolve(failure('NATS_FAILED', { reason: `${reason}: ${lastLines(said)}` }));
  };
  const timer = timers.after(START_MS, () => {
    fail(`nats-server was not ready in ${START_MS} ms`);
    handle.kill();
  });
  let line = '';
  handle.onStderr((bytes) => {
    const text = Buffer.from(bytes).toString('utf8');
    const lines = (line + text).split('\n');
    line = (lines.pop() ?? '').slice(-SAID_BYTES);
    for (const each of lines) if (SLOW.test(each)) slow.add(each);
    said = (said + text).slice(-SAID_BYTES);
    const [, host = '', port] = LISTENING.exec(said) ?? [];
    if (port === undefined || !READY.test(said)) return;
    timer.cancel();
    resolve(success({ handle, host, port: Number(port) }));
  });
  handle.onExit(({ exitCode, signal }) => {
    timer.cancel();
    fail(`nats-server ended (${signal ?? `exit code ${exitCode}`})`);
  });
  return promise;
}

const lastLines = (said: string): string =>
  said.trim().split('\n').slice(-3).join(' | ') || 'silent';

function supervise(
  options: NatsServerOptions,
  args: readonly string[],
  first: Started,
  slow: SlowConsumers,
): Omit<NatsServer, 'credsFile'> {
  const { clock, timers, random, log } = options;
  const { port } = first;
  const host = ANY_ADDRESS.includes(first.host) ? '127.0.0.1' : first.host;
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
    const again = await startOnce(options, args, slow);
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
    url: `nats://${host}:${port}`,
    port,
    slowConsumers: () => slow.seen(),
    pid: () => running?.pid,
    close: async () => {
      isClosed = true;
      running?.kill();
      await exited;
    },
  };
}
