/** A client of NATS that subscribes and then reads nothing any more. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsAccess, readNatsCredentials } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';

export async function startSlowReader(
  { url, credsFile = '' }: NatsAccess,
  subject: string,
): Promise<NatsConnection> {
  const authenticator = valueIn(readNatsCredentials(credsFile));
  const slow = await connect({ servers: url, authenticator, reconnect: false });
  slow.subscribe(subject, { callback: () => undefined });
  await slow.flush();
  // The client offers no way to be slow: its socket is stopped.
  const { protocol } = slow as unknown as {
    readonly protocol: { readonly transport: { readonly socket: { readonly pause: () => void } } };
  };
  protocol.transport.socket.pause();
  return slow;
}
