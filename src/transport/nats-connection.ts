/**
 * A connection to NATS, kept up for as long as it is wanted: it tries again for ever, and says when the way is gone and when it is
 * there again. https://github.com/nats-io/nats.js
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { failure, type Log, type Result, reasonOf, success } from '../contracts/index.ts';

export interface NatsOptions {
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log: Log;
  /** Keeps trying while no server answers. Default: one try. */
  readonly isPatient?: boolean;
}

export interface Nats {
  readonly connection: NatsConnection;
  /** Without its password, for logs and errors. */
  readonly url: string;
  readonly isConnected: () => boolean;
  /** Both return a function that ends the telling. */
  readonly onLost: (tell: () => void) => () => void;
  readonly onReturn: (tell: () => void) => () => void;
  readonly close: () => Promise<void>;
}

/** A try that began during a cut must not outlast it by much: TCP repeats what opens a connection after 1 and 3 s. */
const CONNECT_TIMEOUT_MS = 3_000;
/** The third without an answer ends the connection: TCP by itself repeats after a cut of 10 s with pauses of 6 s. */
const PING_MS = 1_000;
const RECONNECT_MS = 250;

/** Failure: NATS_FAILED, with what the client or the server said. */
export async function dialNats(options: NatsOptions): Promise<Result<Nats>> {
  const { url, name, log, isPatient = false } = options;
  const shown = withoutPassword(url);
  try {
    const connection = await connect({
      servers: url,
      name,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      noEcho: true,
      waitOnFirstConnect: isPatient,
    });
    return success(followed(connection, log, shown));
  } catch (thrown) {
    return failure('NATS_FAILED', { reason: `${shown}: ${reasonOf(thrown)}` });
  }
}

function followed(connection: NatsConnection, log: Log, url: string): Nats {
  let isConnected = true;
  const onLost = listeners();
  const onReturn = listeners();
  const follow = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        isConnected = false;
        log.warn('NATS is away; messages wait until it is back', { url });
        onLost.tell();
      } else if (status.type === 'reconnect') {
        isConnected = true;
        log.info('NATS is back', { url });
        onReturn.tell();
      } else if (status.type === 'slowConsumer' || status.type === 'error') {
        log.error('NATS says that something is wrong', { url, status: status.type });
      }
    }
  };
  follow().catch((thrown: unknown) =>
    log.error('NATS is no longer watched', { reason: reasonOf(thrown) }),
  );
  return {
    connection,
    url,
    isConnected: () => isConnected && !connection.isClosed(),
    onLost: onLost.add,
    onReturn: onReturn.add,
    close: async () => {
      if (!connection.isClosed()) await connection.close();
    },
  };
}

function listeners() {
  const all = new Set<() => void>();
  return {
    tell: () => {
      for (const tell of [...all]) tell();
    },
    add: (tell: () => void) => {
      all.add(tell);
      return () => void all.delete(tell);
    },
  };
}

/** For logs, errors and status. */
export function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}`;
  } catch {
    return 'the NATS URL';
  }
}
