/**
 * The key of a node: ed25519 (RFC 8032). Its public half is the node's identity and travels whole in every hello; the node ID is
 * a short name for it, `n-` and the first 40 bits of its SHA-256 in base32, and anybody can see that the one follows from the other.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { NodeId, Random } from '../contracts/index.ts';

export const SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** DER heads of an ed25519 key (RFC 8410); the 32 bytes follow. */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const ID_DOMAIN = 'skein node id 1\0';
const ID_CHARACTERS = 8;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export interface NodeKey {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** The key of which `seed`, 32 bytes, is the secret. */
export function nodeKeyOf(seed: Uint8Array): NodeKey {
  const der = Buffer.concat([PRIVATE_HEAD, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const shown = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(shown.subarray(PUBLIC_HEAD.byteLength));
  return { id: nodeIdOf(publicKey), publicKey, sign: (bytes) => sign(null, bytes, key) };
}

export const newSeed = (random: Random): Uint8Array => random.bytes(SEED_BYTES);

export function nodeIdOf(publicKey: Uint8Array): NodeId {
  const digest = createHash('sha256').update(ID_DOMAIN).update(publicKey).digest();
  const bits = digest.readUIntBE(0, 5);
  const characters = Array.from({ length: ID_CHARACTERS }, (_, at) => {
    const shift = 32 ** (ID_CHARACTERS - 1 - at);
    return BASE32[Math.floor(bits / shift) % 32];
  });
  return `n-${characters.join('')}` as NodeId;
}

/** How a public key is written for people and in settings: base64url, 43 characters. */
export const keyText = (publicKey: Uint8Array): string =>
  Buffer.from(publicKey).toString('base64url');

/** @returns undefined for a text that `keyText` did not write */
export function parseKeyText(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.byteLength === PUBLIC_KEY_BYTES && keyText(bytes) === text ? bytes : undefined;
}

/** False, too, for 32 bytes that are no key. */
export function isSignedBy(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(null, bytes, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** Making one costs a fifth of checking a signature with it. */
const PARSED_MAX = 1_000;
const parsed = new Map<string, KeyObject>();

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const der = Buffer.concat([PUBLIC_HEAD, publicKey]);
  const name = der.toString('latin1');
  const known = parsed.get(name);
  if (known) return known;
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (parsed.size >= PARSED_MAX) parsed.clear();
  parsed.set(name, key);
  return key;
}
