/**
 * The key of one session, which nobody but its two ends can make: X25519 (RFC 7748) of the halves that they told each other,
 * through HKDF with SHA-256 (RFC 5869) bound to both numbers of the session.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Random } from '../contracts/index.ts';

const KEY_BYTES = 32;
/** DER heads of an X25519 key (RFC 8410); the 32 bytes follow. */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex');

export interface ExchangeKey {
  readonly private: KeyObject;
  /** What the other end is told. */
  readonly public: Uint8Array;
}

export function newExchangeKey(random: Random): ExchangeKey {
  const der = Buffer.concat([PRIVATE_HEAD, random.bytes(KEY_BYTES)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const shown = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { private: key, public: new Uint8Array(shown.subarray(PUBLIC_HEAD.byteLength)) };
}

/** @throws when the other half is none. */
export function sessionKey(
  own: ExchangeKey,
  other: Uint8Array,
  ids: readonly [number, number],
): Buffer {
  const der = Buffer.concat([PUBLIC_HEAD, other]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: own.private, publicKey });
  const salt = ids.toSorted((a, b) => a - b).join('/');
  return Buffer.from(hkdfSync('sha256', shared, salt, 'skein direct link 1', KEY_BYTES));
}

/** Shows that its sender holds the key, in one direction: it cannot be sent back as one's own. */
export const proofOf = (key: Uint8Array, from: number): Buffer =>
  createHmac('sha256', key).update(`join from ${from}`).digest();
