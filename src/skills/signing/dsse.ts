/**
 * The envelope of a signed package: DSSE, version 1. What is signed is the payload's bytes with their type, as they are in the file,
 * so that nothing has to be read before it is known whose it is. https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { LIMITS } from '../../contracts/index.ts';
import { isSignedBy, type NodeKey, SIGNATURE_BYTES } from '../../transport/index.ts';

export const PAYLOAD_TYPE = 'application/vnd.skein.skill+json';

const closed = { additionalProperties: false } as const;

const SignatureSchema = Type.Object(
  {
    keyid: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the public key.' }),
    sig: Type.String({ pattern: '^[A-Za-z0-9+/]{86}==$', description: 'ed25519, base64.' }),
  },
  closed,
);
export type PackageSignature = Static<typeof SignatureSchema>;

export const EnvelopeSchema = Type.Object(
  {
    payload: Type.String({ minLength: 4, description: 'base64' }),
    payloadType: Type.Literal(PAYLOAD_TYPE),
    signatures: Type.Array(SignatureSchema, { maxItems: LIMITS.packageSignatures }),
  },
  closed,
);
export type Envelope = Static<typeof EnvelopeSchema>;

/** DSSE's pre-authentication encoding: the bytes that are signed. */
export function preAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = `DSSEv1 ${type.byteLength} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

export const keyIdOf = (publicKey: Uint8Array): string =>
  createHash('sha256').update(publicKey).digest('hex');

export function signatureBy(key: Pick<NodeKey, 'publicKey' | 'sign'>, payload: Uint8Array) {
  const sig = Buffer.from(key.sign(preAuthentication(PAYLOAD_TYPE, payload))).toString('base64');
  return { keyid: keyIdOf(key.publicKey), sig };
}

export function isSignatureOf(
  { sig }: PackageSignature,
  publicKey: Uint8Array,
  payload: Uint8Array,
): boolean {
  const bytes = Buffer.from(sig, 'base64');
  if (bytes.byteLength !== SIGNATURE_BYTES) return false;
  return isSignedBy(publicKey, preAuthentication(PAYLOAD_TYPE, payload), bytes);
}
