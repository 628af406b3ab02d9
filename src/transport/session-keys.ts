/**
 * The keys of one session, which nobody but its two ends can make: X25519 (RFC 7748) of the halves that they told each other in
 * signed hellos, through HKDF with SHA-256 (RFC 5869) bound to all that does not change in those hellos. One key is for direct
 * links; one a direction is for packets on the bus, so that no packet can be sent back to whoever made it.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { invariant, type Random } from '../contracts/index.ts';
import { type Sealing, sealingOf } from './sealing.ts';
import { commonVersion, type WireRange } from './wire-versions.ts';

const KEY_BYTES = 32;
export const HALF_BYTES = 32;

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

/** What one end says of itself in every hello of a session. */
export interface SessionEnd {
  /** Its number for the session. */
  readonly id: number;
  /** The subject that it listens on: cluster, node and thread. */
  readonly subject: string;
  readonly publicKey: Uint8Array;
  readonly half: Uint8Array;
  readonly wire: WireRange;
}

export interface SessionKeys {
  readonly sealing: Sealing;
  readonly direct: Buffer;
  readonly send: KeyObject;
  readonly receive: KeyObject;
}

/** @throws when the other half is none. */
export function sessionKeys(
  exchange: ExchangeKey,
  self: SessionEnd,
  other: SessionEnd,
): SessionKeys {
  const der = Buffer.concat([PUBLIC_HEAD, other.half]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: exchange.private, publicKey });
  return keysFrom(shared, self, other);
}

/** Both ends have a version in common: `HelloGate` lets no other pass. */
export function keysFrom(shared: Uint8Array, self: SessionEnd, other: SessionEnd): SessionKeys {
  const version = commonVersion(other.subject, self.wire, other.wire);
  invariant(version.ok, 'keys are made with an end that speaks a common version');
  const salt = transcriptHash(version.value, self, other);
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', shared, salt, info, KEY_BYTES));
  const name = (what: string): string => `skein ${what} ${version.value}`;
  return {
    sealing: sealingOf(version.value),
    direct: derive(name('direct link')),
    send: createSecretKey(derive(`${name('packet')} to ${other.subject}`)),
    receive: createSecretKey(derive(`${name('packet')} to ${self.subject}`)),
  };
}

/** Both ends, the one with the lower number first. */
export function transcriptHash(
  version: number,
  ...ends: readonly [SessionEnd, SessionEnd]
): Buffer {
  const hash = createHash('sha256').update(`skein session ${version}\0`);
  for (const { id, subject, publicKey, half, wire } of ends.toSorted((a, b) => a.id - b.id)) {
    hash.update(`${id} ${subject}\0`).update(publicKey).update(half);
    hash.update(`${wire[0]} ${wire[1]}\0`);
  }
  return hash.digest();
}

/** Shows that its sender holds the key, in one direction: it cannot be sent back as one's own. */
export const proofOf = (key: Uint8Array, from: number): Buffer =>
  createHmac('sha256', key).update(`join from ${from}`).digest();
