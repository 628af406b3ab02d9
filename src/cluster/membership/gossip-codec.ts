/** Gossip on the wire: msgpack without extensions, one message a packet, checked against a closed schema when it comes. */
import Type from 'typebox';
import { checker, LIMITS, type NodeId, reasonOf } from '../../contracts/index.ts';
import { decodeForeign, encodeForeign } from '../../transport/index.ts';
import { REPORTS_A_SYNC } from './membership.ts';
import type { GossipMessage } from './messages.ts';

const closed = { additionalProperties: false } as const;
const node = Type.String({ pattern: '^n-[a-z0-9]{1,64}$' });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 });
const version = Type.Integer({ minimum: 0, maximum: 65_535 });
const LABELS_MAX = 32;

export const ReportSchema = Type.Object(
  {
    node,
    status: Type.Unsafe<string>({ enum: ['alive', 'suspect', 'dead', 'left'] }),
    incarnation: count,
    by: node,
    facts: Type.Object(
      {
        labels: Type.Record(
          Type.String({ pattern: '^[A-Za-z0-9._/-]{1,64}$' }),
          Type.String({ maxLength: 64 }),
          { maxProperties: LABELS_MAX },
        ),
        load: Type.Number({ minimum: 0, maximum: 1e6 }),
        wire: Type.Array(version, { minItems: 2, maxItems: 2 }),
        state: Type.Unsafe<string>({ enum: ['ready', 'draining'] }),
        skills: Type.String({ pattern: '^[0-9a-f]{0,16}$' }),
      },
      closed,
    ),
  },
  closed,
);
const rumours = Type.Array(ReportSchema, { maxItems: 16 });
const kind = <const K extends string>(name: K) => Type.Literal(name);

const MessageSchema = Type.Union([
  Type.Object({ kind: kind('ping'), seq: count, rumours }, closed),
  Type.Object({ kind: kind('ack'), seq: count, rumours }, closed),
  Type.Object({ kind: kind('nack'), seq: count, rumours }, closed),
  Type.Object({ kind: kind('ping-for'), seq: count, target: node, rumours }, closed),
  Type.Object({ kind: kind('hello'), rumours }, closed),
  Type.Object(
    {
      kind: kind('sync'),
      members: Type.Array(ReportSchema, { maxItems: REPORTS_A_SYNC }),
      isReply: Type.Boolean(),
    },
    closed,
  ),
]);
const EnvelopeSchema = Type.Object({ from: node, message: MessageSchema }, closed);
const check = checker(EnvelopeSchema);

export interface GossipEnvelope {
  readonly from: NodeId;
  readonly message: GossipMessage;
}

export const encodeGossip = (envelope: GossipEnvelope): Uint8Array => encodeForeign(envelope);

/** @returns what is wrong with the packet, in a sentence, when it is none */
export function decodeGossip(packet: Uint8Array): GossipEnvelope | string {
  if (packet.byteLength > LIMITS.packetBytes) return `${packet.byteLength} bytes`;
  try {
    const checked = check(decodeForeign(packet));
    if (checked.ok) return checked.value as unknown as GossipEnvelope;
    const { pointer, found, expected } = checked.mismatch;
    return `${pointer || '/'}: found ${found}, expected ${expected}`;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}
