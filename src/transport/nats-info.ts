/** What a NATS server says of itself before anybody is let in. https://docs.nats.io/reference/reference-protocols/nats-protocol#info */
import Type from 'typebox';
import { checker, LIMITS } from '../contracts/index.ts';
import { PACKET_HEAD_BYTES } from './packet.ts';

/** The least `max_payload` with which packets between nodes find room. */
export const PAYLOAD_BYTES_MIN = LIMITS.packetBytes + PACKET_HEAD_BYTES;

export interface NatsServerInfo {
  readonly version: string;
  readonly maxPayloadBytes: number;
  readonly isAuthRequired: boolean;
  readonly isTlsOffered: boolean;
  readonly hasJetStream: boolean;
}

const check = checker(
  Type.Object({
    version: Type.String({ maxLength: 100 }),
    max_payload: Type.Integer({ minimum: 0 }),
    auth_required: Type.Optional(Type.Boolean()),
    tls_required: Type.Optional(Type.Boolean()),
    tls_available: Type.Optional(Type.Boolean()),
    jetstream: Type.Optional(Type.Boolean()),
  }),
);

/** @returns undefined for a line that no NATS server says */
export function natsInfoIn(line: string): NatsServerInfo | undefined {
  const [, json] = /^INFO (\{.*\})\s*$/.exec(line) ?? [];
  if (json === undefined) return undefined;
  try {
    const checked = check(JSON.parse(json));
    if (!checked.ok) return undefined;
    const { version, max_payload, auth_required, tls_required, tls_available, jetstream } =
      checked.value;
    return {
      version,
      maxPayloadBytes: max_payload,
      isAuthRequired: auth_required === true,
      isTlsOffered: tls_required === true || tls_available === true,
      hasJetStream: jetstream === true,
    };
  } catch {
    return undefined;
  }
}
