/**
 * Gossip on the wire: msgpack without extensions, one message a packet, checked against a closed schema when it comes. Statements
 * are bytes in it, since their authors have signed those.
 */
import Type from 'typebox';
import { checker, failure, LIMITS, type Result, reasonOf, success } from '../../contracts/index.ts';
import { decodeForeign, encodeForeign } from '../../transport/index.ts';
import { HASH_BYTES } from './digest.ts';
import { type GossipMessage, STATEMENTS_A_MESSAGE } from './messages.ts';
import { nodeSchema, readStatement, type Statement } from './statement.ts';
import { STATEMENTS_A_SYNC } from './sync-pieces.ts';

const closed = { additionalProperties: false } as const;
const seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 });

const hash = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });
const digest = Type.Object({ count: seq, hash }, closed);

const kind = <const K extends string>(name: K) => Type.Literal(name);
const check = checker(
  Type.Union([
    Type.Object({ kind: kind('ping'), seq, digest }, closed),
    Type.Object({ kind: kind('ack'), seq, digest }, closed),
    Type.Object({ kind: kind('nack'), seq }, closed),
    Type.Object({ kind: kind('ping-for'), seq, target: nodeSchema }, closed),
    Type.Object({ kind: kind('hello'), digest: Type.Union([digest, Type.Null()]) }, closed),
    Type.Object({ kind: kind('sync'), isReply: Type.Boolean() }, closed),
  ]),
);

export const encodeGossip = (message: GossipMessage): Uint8Array =>
  encodeForeign({ ...message, said: message.said.map(({ bytes }) => bytes) });

/** Failure: FRAME_INVALID, with a sentence on what is wrong. */
export function decodeGossip(packet: Uint8Array): Result<GossipMessage> {
  const refuse = (reason: string) => failure('FRAME_INVALID', { reason: `gossip: ${reason}` });
  if (packet.byteLength > LIMITS.packetBytes) return refuse(`${packet.byteLength} bytes`);
  try {
    const value = decodeForeign(packet);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return refuse('no map');
    const { said, known, ...rest } = value as Record<string, unknown>;
    const checked = check(rest);
    if (!checked.ok) {
      const { pointer, found, expected } = checked.mismatch;
      return refuse(`${pointer || '/'}: found ${found}, expected ${expected}`);
    }
    const isSync = checked.value.kind === 'sync';
    if (isSync ? !isHashes(known) : known !== undefined) return refuse('no list of hashes');
    const max = isSync ? STATEMENTS_A_SYNC : STATEMENTS_A_MESSAGE;
    if (!Array.isArray(said) || said.length > max) return refuse(`no list of ${max} at most`);
    const statements: Statement[] = [];
    for (const bytes of said) {
      const read = readStatement(bytes);
      if (!read.ok) return read;
      statements.push(read.value);
    }
    const message = { ...checked.value, ...(isSync ? { known } : {}), said: statements };
    return success(message as unknown as GossipMessage);
  } catch (thrown) {
    return refuse(reasonOf(thrown));
  }
}

const isHashes = (known: unknown): boolean =>
  known === null ||
  (known instanceof Uint8Array &&
    known.byteLength <= HASH_BYTES * LIMITS.clusterNodes &&
    known.byteLength % HASH_BYTES === 0);
