/**
 * How a packet on the bus is closed with a key of its session. Behind each stand the number of its transmission, which is never used
 * twice with one key, and 16 bytes that nobody without the key can make:
 *
 *     version 3  in the clear, the first half of an HMAC with SHA-256 (RFC 2104) over all before it
 *     version 4  the head in the clear, the rest in AES-256-GCM (NIST SP 800-38D), with the head as additional data and the
 *                number in the nonce: the bus sees who speaks to whom, how much and when, and not what
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { PACKET_HEAD_BYTES } from './packet.ts';

const NUMBER_BYTES = 8;
const TAG_BYTES = 16;
export const SEAL_BYTES = NUMBER_BYTES + TAG_BYTES;

export interface Opened {
  readonly packet: Uint8Array;
  readonly number: number;
}

export interface Sealing {
  /** The packet as it goes on the bus. `number` counts what this end transmits in the session, from 1. */
  readonly seal: (packet: Uint8Array, key: KeyObject, number: number) => Uint8Array;
  /** @returns undefined when it was not sealed with this key, or not to the last bit like this */
  readonly unseal: (sealed: Uint8Array, key: KeyObject) => Opened | undefined;
}

const ENCRYPTED_SINCE = 4;

export const sealingOf = (version: number): Sealing =>
  version >= ENCRYPTED_SINCE ? encrypted : authenticated;

const authenticated: Sealing = {
  seal: (packet, key, number) => {
    const sealed = Buffer.allocUnsafe(packet.byteLength + SEAL_BYTES);
    sealed.set(packet);
    sealed.writeDoubleLE(number, packet.byteLength);
    const end = packet.byteLength + NUMBER_BYTES;
    sealed.set(macOf(sealed.subarray(0, end), key), end);
    return sealed;
  },
  unseal: (sealed, key) => {
    const at = sealed.byteLength - SEAL_BYTES;
    if (at < 0) return undefined;
    const end = at + NUMBER_BYTES;
    if (!timingSafeEqual(sealed.subarray(end), macOf(sealed.subarray(0, end), key)))
      return undefined;
    return { packet: sealed.subarray(0, at), number: numberAt(sealed, at) };
  },
};

const CIPHER = 'aes-256-gcm';

const encrypted: Sealing = {
  seal: (packet, key, number) => {
    const end = packet.byteLength;
    const sealed = Buffer.allocUnsafe(end + SEAL_BYTES);
    sealed.set(packet.subarray(0, PACKET_HEAD_BYTES));
    sealed.writeDoubleLE(number, end);
    const nonce = nonceOf(sealed.subarray(end, end + NUMBER_BYTES));
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(sealed.subarray(0, PACKET_HEAD_BYTES));
    sealed.set(cipher.update(packet.subarray(PACKET_HEAD_BYTES)), PACKET_HEAD_BYTES);
    cipher.final();
    sealed.set(cipher.getAuthTag(), end + NUMBER_BYTES);
    return sealed;
  },
  unseal: (sealed, key) => {
    const end = sealed.byteLength - SEAL_BYTES;
    if (end < PACKET_HEAD_BYTES) return undefined;
    const nonce = nonceOf(sealed.subarray(end, end + NUMBER_BYTES));
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(sealed.subarray(0, PACKET_HEAD_BYTES));
    decipher.setAuthTag(sealed.subarray(end + NUMBER_BYTES));
    const packet = Buffer.allocUnsafe(end);
    packet.set(sealed.subarray(0, PACKET_HEAD_BYTES));
    packet.set(decipher.update(sealed.subarray(PACKET_HEAD_BYTES, end)), PACKET_HEAD_BYTES);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return { packet, number: numberAt(sealed, end) };
  },
};

const macOf = (bytes: Uint8Array, key: KeyObject): Buffer =>
  createHmac('sha256', key).update(bytes).digest().subarray(0, TAG_BYTES);

const NONCE_BYTES = 12;

/** The eight bytes of the number as they stand in the packet, behind four zeros. */
function nonceOf(number: Uint8Array): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.set(number, NONCE_BYTES - NUMBER_BYTES);
  return nonce;
}

const numberAt = (sealed: Uint8Array, at: number): number =>
  new DataView(sealed.buffer, sealed.byteOffset + at).getFloat64(0, true);
