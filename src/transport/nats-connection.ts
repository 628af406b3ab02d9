/**
 * A connection to NATS, kept up for as long as it is wanted: it tries again for ever, and says when the way is gone and when it is
 * there again. https://github.com/nats-io/nats.js
 */
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { failure, type Log, type Result, reasonOf, success } from '../contracts/index.ts';
import { credentialsOf } from './nats-credentials.ts';

/** Where NATS is and what it is shown. A user and a password may be in the URL. */
export interface NatsAccess {
  /** `nats://HOST:PORT`; `tls://HOST:PORT` goes nowhere without TLS. */
  readonly url: string;
  /** A `.creds` file or one with the seed of an nkey. */
  readonly credsFile?: string;
  /** Certificates of the authorities that vouch for the server, as PEM; with it TLS is a must. Default: those of Node. */
  readonly caFile?: string;
}

export interface NatsOptions extends NatsAccess {
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log: Log;
  /** Keeps trying while no server answers. Default: one try. */
  readonly isPatient?: boolean;
  /** Hears what it says itself. Default: no. */
  readonly isEchoed?: boolean;
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

/** Failures: NATS_FAILED, with what the client or the server said; NATS_CREDENTIALS_UNUSABLE. */
export async function dialNats(options: NatsOptions): Promise<Result<Nats>> {
  const { url, name, log, isPatient = false, isEchoed = false } = options;
  const shown = withoutPassword(url);
  const authenticator = credentialsOf(options);
  if (!authenticator.ok) return authenticator;
  try {
    const connection = await connect({
      servers: url,
      name,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      noEcho: !isEchoed,
      waitOnFirstConnect: isPatient,
      ...tlsOf(options),
      ...(authenticator.value ? { authenticator: authenticator.value } : {}),
    });
    return success(followed(connection, log, shown));
  } catch (thrown) {
    const reason = `${shown}: ${reasonOf(thrown)}`;
    return failure('NATS_FAILED', { reason, layer: layerOf(thrown) });
  }
}

export const isTlsWanted = ({ url, caFile }: NatsAccess): boolean =>
  url.startsWith('tls://') || caFile !== undefined;

function tlsOf(access: NatsAccess): Pick<NodeConnectionOptions, 'tls'> {
  if (!isTlsWanted(access)) return {};
  return { tls: access.caFile === undefined ? {} : { caFile: access.caFile } };
}

/** Where connecting came to its end. */
export type NatsLayer = 'server' | 'tls' | 'credentials';

function layerOf(thrown: unknown): NatsLayer {
  if (thrown instanceof errors.AuthorizationError) return 'credentials';
  if (thrown instanceof errors.UserAuthenticationExpiredError) return 'credentials';
  const { code = '', message = '' } = thrown as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  // Node's and OpenSSL's codes of certificates that are not believed, and the client's own words.
  const isTls = /TLS|SSL|CERT|SELF_SIGNED|UNABLE_TO|ISSUER/.test(String(code));
  return isTls || /\btls\b|certificate/i.test(String(message)) ? 'tls' : 'server';
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
      } else if (status.type === 'error') {
        log.error('NATS says that something is wrong', { url, reason: status.error.message });
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
