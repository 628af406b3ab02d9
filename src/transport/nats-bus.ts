/**
 * NATS as a bus for packets, over one connection. While it is away nothing is stored here, since sessions keep what was not
 * acknowledged and send it again.
 */
import { failure, type PacketBus, type Result, success } from '../contracts/index.ts';
import { dialNats, type Nats, type NatsOptions } from './nats-connection.ts';
import { PAYLOAD_BYTES_MIN } from './nats-info.ts';

export interface NatsBus extends PacketBus {
  readonly close: () => Promise<void>;
}

/** Failure: NATS_FAILED, with what the client or the server said. */
export async function connectNats(options: NatsOptions): Promise<Result<NatsBus>> {
  const dialled = await dialNats(options);
  if (!dialled.ok) return dialled;
  const { connection, url, close } = dialled.value;
  const maxBytes = connection.info?.max_payload ?? 0;
  if (maxBytes >= PAYLOAD_BYTES_MIN) return success(busOver(dialled.value));
  await close();
  const reason = `${url} takes ${maxBytes} bytes a message; Skein needs max_payload of ${PAYLOAD_BYTES_MIN}`;
  return failure('NATS_FAILED', { reason });
}

export function busOver({ connection, isConnected, onReturn, close }: Nats): NatsBus {
  return {
    publish: (subject, packet) => {
      if (isConnected()) connection.publish(subject, packet);
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
      onReturn(returned);
    },
    isConnected,
    close,
  };
}
