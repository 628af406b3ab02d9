/**
 * What a node signs: hellos, and the reset that says that a session is not known. A packet whose body says who speaks, with a
 * signature behind it over a domain tag, the subject that it is for, and all bytes before the signature as they are on the wire.
 */
import {
  failure,
  isSafeName,
  LIMITS,
  type NodeId,
  type Result,
  reasonOf,
  success,
  type ThreadName,
} from '../contracts/index.ts';
import { decodeForeign, encodeForeign } from './foreign-codec.ts';
import { type NodeKey, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './node-key.ts';
import { newPacket, PACKET_HEAD_BYTES, type PacketHead } from './packet.ts';
import { HALF_BYTES } from './session-keys.ts';
import { isWireRange, type WireRange } from './wire-versions.ts';

/** A thread of a node. */
export interface Peer {
  readonly node: NodeId;
  readonly thread: ThreadName;
}

export interface Hello extends Peer {
  /** Which life of the thread speaks; a later one has a higher number. */
  readonly epoch: number;
  /** The node's ed25519 key. */
  readonly key: Uint8Array;
  /** The thread's half of an X25519 exchange. */
  readonly half: Uint8Array;
  /** An offer of direct ways, or what else goes with a hello; not looked into here. */
  readonly direct: unknown;
  /** Versions of the wire that it speaks. */
  readonly wire: WireRange;
}

const HELLO_KEYS = ['node', 'thread', 'wire', 'epoch', 'key', 'half', 'direct'];
const DOMAIN = 'skein hello 2\0';
export const HELLO_BYTES_MIN = PACKET_HEAD_BYTES + SIGNATURE_BYTES + 1;

export const subjectOf = (cluster: string, { node, thread }: Peer): string =>
  `skein.${cluster}.thread.${node}.${thread}`;

export const keyOf = ({ node, thread }: Peer): string => `${node}/${thread}`;

/** `subject`: whom it is for. Nobody else takes it. */
export function writeHello(
  head: PacketHead,
  hello: Hello,
  { key, subject }: { readonly key: NodeKey; readonly subject: string },
): Uint8Array {
  const body = encodeForeign(hello);
  const packet = newPacket(head, body.byteLength + SIGNATURE_BYTES);
  packet.set(body, PACKET_HEAD_BYTES);
  packet.set(key.sign(signedBytes(packet, subject)), PACKET_HEAD_BYTES + body.byteLength);
  return packet;
}

export const signedBytes = (packet: Uint8Array, subject: string): Uint8Array =>
  Buffer.concat([
    Buffer.from(`${DOMAIN}${subject}\0`),
    packet.subarray(0, packet.byteLength - SIGNATURE_BYTES),
  ]);

export const signatureOf = (packet: Uint8Array): Uint8Array =>
  packet.subarray(packet.byteLength - SIGNATURE_BYTES);

export const isHelloTooLarge = (packet: Uint8Array): boolean =>
  packet.byteLength > LIMITS.helloBytes;

/** What it says, whoever wrote it: the signature is not looked at. Failure: FRAME_INVALID. */
export function readHello(packet: Uint8Array): Result<Hello> {
  const refuse = (reason: string) => failure('FRAME_INVALID', { reason: `hello: ${reason}` });
  let said: Readonly<Record<string, unknown>>;
  try {
    const body = packet.subarray(PACKET_HEAD_BYTES, packet.byteLength - SIGNATURE_BYTES);
    said = decodeForeign(body) as typeof said;
  } catch (thrown) {
    return refuse(reasonOf(thrown));
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return refuse('not a map');
  const unknown = Object.keys(said).find((key) => !HELLO_KEYS.includes(key));
  if (unknown !== undefined) return refuse(`unknown key ${JSON.stringify(unknown.slice(0, 64))}`);
  const { node, thread, wire, epoch, key, half, direct } = said;
  if (!isWireRange(wire)) return refuse('no range of wire versions');
  if (typeof node !== 'string' || typeof thread !== 'string') return refuse('no node and thread');
  if (!isSafeName(node) || !isSafeName(thread)) return refuse('node or thread is no name');
  if (!Number.isSafeInteger(epoch) || (epoch as number) < 0) return refuse('no epoch');
  if (!isBytes(key, PUBLIC_KEY_BYTES) || !isBytes(half, HALF_BYTES)) return refuse('no keys');
  const peer = { node: node as NodeId, thread: thread as ThreadName };
  return success({ ...peer, epoch: epoch as number, key, half, direct, wire });
}

const isBytes = (value: unknown, count: number): value is Uint8Array =>
  value instanceof Uint8Array && value.byteLength === count;
