/** Frames between threads and the rule for delays between tries. */
export { type Backoff, backoffDelayMs } from './backoff.ts';
export { betweenNodes, type Dialect } from './dialect.ts';
export { DirectLinks, type DirectOptions } from './direct-links.ts';
export { decodeForeign, encodeForeign } from './foreign-codec.ts';
export type { RefText } from './foreign-value.ts';
export { type Peer, subjectOf } from './hello.ts';
export { type Identity, type KeyBook, KnownKeys } from './known-keys.ts';
export { Link, type LinkEvents } from './link.ts';
export type { Encoded } from './link-encoder.ts';
export { memoryPorts } from './memory-port.ts';
export { busOver, connectNats, type NatsBus } from './nats-bus.ts';
export { CONFIG_FILE, CONFIG_FIRST_LINE } from './nats-config.ts';
export {
  dialNats,
  isTlsWanted,
  type Nats,
  type NatsAccess,
  type NatsLayer,
  type NatsOptions,
  withoutPassword,
} from './nats-connection.ts';
export { readNatsCredentials } from './nats-credentials.ts';
export { type NatsServerInfo, natsInfoIn, PAYLOAD_BYTES_MIN } from './nats-info.ts';
export { type NatsServer, startNatsServer } from './nats-server.ts';
export {
  isSignedBy,
  keyText,
  type NodeKey,
  newSeed,
  nodeIdOf,
  nodeKeyOf,
  PUBLIC_KEY_BYTES,
  parseKeyText,
  SEED_BYTES,
  SIGNATURE_BYTES,
} from './node-key.ts';
export { PeerSessions } from './peer-sessions.ts';
export { ENDED_THERE, type PeerSessionsOptions, type PeerStatus } from './peer-sessions-options.ts';
export {
  type Mismatches,
  type Refusal,
  type RefusalCounts,
  RefusedPackets,
} from './refused-packets.ts';
export { RingReader, RingWriter, ringMemory } from './ring.ts';
export { type CallUse, SealedDatagrams, type SealedDatagramsOptions } from './sealed-datagrams.ts';
export { simulatedIdentity, simulatedKey } from './simulated-identity.ts';
export type { SlowConsumerCount } from './slow-consumers.ts';
export {
  type Answer,
  type OtherMessage,
  type UserMessage,
  WIRE_VERSION,
  type WireSignal,
  type WireSpawn,
} from './wire-message.ts';
export { registerWireType, type WireType } from './wire-types.ts';
export { WIRE_VERSIONS, type WireRange } from './wire-versions.ts';
