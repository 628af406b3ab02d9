/**
 * What a member knows, in a few bytes: how many are there, itself included, and a hash over who they are and what they said last, in
 * which the order does not matter. Equal digests are equal knowledge; they go along with every question and answer.
 */
import type { NodeId } from '../../contracts/index.ts';

export interface Digest {
  readonly count: number;
  /** Of those who are not gone, the exclusive or of `memberHash`: 32 bits. */
  readonly hash: number;
}

/** FNV-1a over the text, ended as MurmurHash3 ends, so that each bit depends on all. 32 bits. */
export function memberHash(node: NodeId, incarnation: number): number {
  const text = `${node} ${incarnation}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const HASH_BYTES = 4;

/** Little-endian, one behind the other. */
export function writeHashes(hashes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [at, hash] of hashes.entries()) view.setUint32(at * HASH_BYTES, hash, true);
  return bytes;
}

export function readHashes(bytes: Uint8Array): ReadonlySet<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hashes = new Set<number>();
  for (let at = 0; at + HASH_BYTES <= bytes.byteLength; at += HASH_BYTES) {
    hashes.add(view.getUint32(at, true));
  }
  return hashes;
}
