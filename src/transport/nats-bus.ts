/**
 * NATS as a bus for packets: one connection, kept up for as long as it is wanted. While it is away nothing is stored here, since
 * sessions keep what was not acknowledged and send it again. https://github.com/nats-io/nats.js
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  failure,
  LIMITS,
  type Log,
  type PacketBus,
  type Result,
  reasonOf,
  success,
} from '../contracts/index.ts';
import { PACKET_HEAD_BYTES } from './packet.ts';

export interface NatsBusOptions {
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log: Log;
  /** Keeps trying while no server answers. Default: one try. */
  readonly isPatient?: boolean;
}

export interface NatsBus extends PacketBus {
  readonly isConnected: () => boolean;
  readonly close: () => Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const PING_MS = 10_000;
const RECONNECT_MS = 250;

/** Failure: NATS_FAILED, with what the client or the server said. */
export async function connectNats(options: NatsBusOptions): Promise<Result<NatsBus>> {
  const { url, name, log, isPatient = false } = options;
  const shown = withoutPassword(url);
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers: url,
      name,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      noEcho: true,
      waitOnFirstConnect: isPatient,
    });
  } catch (thrown) {
    return failure('NATS_FAILED', { reason: `${shown}: ${reasonOf(thrown)}` });
  }
  const wantedBytes = LIMITS.packetBytes + PACKET_HEAD_BYTES;
  const maxBytes = connection.info?.max_payload ?? 0;
  if (maxBytes < wantedBytes) {
    await connection.close();
    const reason = `${shown} takes ${maxBytes} bytes a message; Skein needs max_payload of ${wantedBytes}`;
    return failure('NATS_FAILED', { reason });
  }
  return success(busOver(connection, log, shown));
}

function busOver(connection: NatsConnection, log: Log, url: string): NatsBus {
  let isConnected = true;
  const listeners: (() => void)[] = [];
  const watch = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        isConnected = false;
        log.warn('NATS is away; messages wait until it is back', { url });
      } else if (status.type === 'reconnect') {
        isConnected = true;
        log.info('NATS is back', { url });
        for (const returned of listeners) returned();
      } else if (status.type === 'slowConsumer' || status.type === 'error') {
        log.error('NATS says that something is wrong', { url, status: status.type });
      }
    }
  };
  watch().catch((thrown: unknown) =>
    log.error('NATS is no longer watched', { reason: reasonOf(thrown) }),
  );
  return {
    publish: (subject, packet) => {
      if (!isConnected || connection.isClosed()) return;
      connection.publish(subject, packet);
    },
    subscribe: (subject, receive) => {
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) receive(message.data);
        },
      });
      return () => {
        if (!connection.isClosed()) subscription.unsubscribe();
      };
    },
    onReturn: (returned) => {
      listeners.push(returned);
    },
    isConnected: () => isConnected && !connection.isClosed(),
    close: async () => {
      if (connection.isClosed()) return;
      await connection.close();
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
