/** Frames between threads and the rule for delays between tries. */
export { type Backoff, backoffDelayMs } from './backoff.ts';
export { betweenNodes, type Dialect } from './dialect.ts';
export { DirectLinks, type DirectOptions } from './direct-links.ts';
export { decodeForeign, encodeForeign } from './foreign-codec.ts';
export type { RefText } from './foreign-value.ts';
export { Link, type LinkEvents } from './link.ts';
export type { Encoded } from './link-encoder.ts';
export { memoryPorts } from './memory-port.ts';
export { connectNats, type NatsBus } from './nats-bus.ts';
export { dialNats, type Nats, type NatsOptions, withoutPassword } from './nats-connection.ts';
export { type NatsServer, startNatsServer } from './nats-server.ts';
export {
  ENDED_THERE,
  type Peer,
  PeerSessions,
  type PeerSessionsOptions,
  type PeerStatus,
  subjectOf,
} from './peer-sessions.ts';
export { RingReader, RingWriter, ringMemory } from './ring.ts';
export {
  type Answer,
  type OtherMessage,
  type UserMessage,
  WIRE_VERSION,
  type WireSignal,
  type WireSpawn,
} from './wire-message.ts';
export { registerWireType, type WireType } from './wire-types.ts';
