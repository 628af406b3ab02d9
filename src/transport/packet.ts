/**
 * What crosses between two threads of different nodes: a packet of one session. Fixed head, little endian:
 *
 *     0 mark 0x53 | 1 version | 2 kind | 3 flags | 4 window, bytes, u32 | 8 from f64 | 16 to f64 | 24 seq f64 | 32 ack f64
 *     40 age, ms, u32 | 44 zero
 *
 * `from` and `to` are the numbers that the two ends gave the session; 0 where the other's is not known yet. `ack` is the last
 * packet of the other side that was taken in order, `window` how many bytes beyond it may be on their way. `age` is how long the
 * packet has waited at its sender when it leaves: a deadline in it is that much nearer.
 */
import { LIMITS } from '../contracts/index.ts';

export const PACKET_HEAD_BYTES = 48;
export const PACKET_BYTES_MAX = LIMITS.packetBytes + PACKET_HEAD_BYTES;

const MARK = 0x53;
/** Grows when a field of the head, or the way a session is opened, changes its meaning. */
export const PACKET_VERSION = 2;

export const PACKET = {
  /** Opens a session, or asks whether it is still there; the body says who speaks. */
  hello: 1,
  data: 2,
  ack: 3,
  /** The session that this answers is not known here. */
  reset: 4,
  /** The first packet on a direct connection: which session it is for; the body proves that the sender may. */
  join: 5,
} as const;

export const PACKET_FLAG = {
  /** The frame goes on in the next packet. */
  more: 1,
  /** An ack that tells of a hole: all from `ack` + 1 to `seq` - 1 is missing. */
  hole: 2,
  /** An ack that wants one. */
  ask: 4,
  /** A reset by somebody who knows no key of the session: signed by the node, as a hello is. */
  signed: 8,
} as const;

const AGE_MS_MAX = 2 ** 32 - 1;
const LAST_KIND = PACKET.join;

export interface PacketHead {
  readonly kind: number;
  readonly flags: number;
  readonly windowBytes: number;
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly ack: number;
  readonly ageMs: number;
}

/** Of a packet that carries nothing but who speaks to whom. */
export const shortHead = (
  kind: number,
  { from, to }: { readonly from: number; readonly to: number },
): PacketHead => ({ kind, flags: 0, windowBytes: 0, from, to, seq: 0, ack: 0, ageMs: 0 });

/** @returns a packet with room for the body, its head written. */
export function newPacket(head: PacketHead, bodyBytes: number): Uint8Array {
  const packet = Buffer.allocUnsafe(PACKET_HEAD_BYTES + bodyBytes);
  packet[0] = MARK;
  packet[1] = PACKET_VERSION;
  packet[2] = head.kind;
  packet[3] = head.flags;
  const view = viewOf(packet);
  view.setUint32(4, head.windowBytes, true);
  view.setFloat64(8, head.from, true);
  view.setFloat64(16, head.to, true);
  view.setFloat64(24, head.seq, true);
  view.setFloat64(32, head.ack, true);
  view.setUint32(40, head.ageMs, true);
  view.setUint32(44, 0, true);
  return packet;
}

/** A packet was cut when less was known: who the other end is, and what has come from it. */
export function renewPacket(packet: Uint8Array, to: number, ack: number, ageMs: number): void {
  const view = viewOf(packet);
  view.setFloat64(16, to, true);
  view.setFloat64(32, ack, true);
  view.setUint32(40, Math.min(AGE_MS_MAX, Math.max(0, Math.round(ageMs))), true);
}

export const ageOf = (packet: Uint8Array): number => viewOf(packet).getUint32(40, true);

/** @returns undefined for anything that is no packet of this version. */
export function readPacket(packet: Uint8Array): PacketHead | undefined {
  if (packet.byteLength < PACKET_HEAD_BYTES) return undefined;
  if (packet[0] !== MARK || packet[1] !== PACKET_VERSION) return undefined;
  const kind = packet[2] as number;
  if (kind < PACKET.hello || kind > LAST_KIND) return undefined;
  const view = viewOf(packet);
  const head = {
    kind,
    flags: packet[3] as number,
    windowBytes: view.getUint32(4, true),
    from: view.getFloat64(8, true),
    to: view.getFloat64(16, true),
    seq: view.getFloat64(24, true),
    ack: view.getFloat64(32, true),
    ageMs: view.getUint32(40, true),
  };
  return [head.from, head.to, head.seq, head.ack].every(isCount) ? head : undefined;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
