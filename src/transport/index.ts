/** Frames between threads and the rule for delays between tries. */
export { type Backoff, backoffDelayMs } from './backoff.ts';
export { decode, type Encoded, encode } from './codec.ts';
export { Link, type LinkEvents } from './link.ts';
export { memoryPorts } from './memory-port.ts';
export { RingReader, RingWriter, ringMemory } from './ring.ts';
export {
  WIRE_VERSION,
  type WireAnswer,
  type WireMessage,
  type WireSignal,
  type WireSpawn,
  type WireUserMessage,
} from './wire-message.ts';
export { registerWireType, type WireType } from './wire-types.ts';
