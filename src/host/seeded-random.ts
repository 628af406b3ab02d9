/**
 * A seeded random source: xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/), its state filled by SplitMix32
 * from a 32-bit FNV-1a hash of the seed's text. A fork's seed is the parent's seed and the fork's name, not the parent's
 * position, so a new draw in one place leaves every other place as it was.
 */
import type { Random } from '../contracts/index.ts';

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function splitMix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return (word ^ (word >>> 16)) >>> 0;
  };
}

/** xoshiro128**: words of 32 bits, one after the other (Blackman and Vigna, https://prng.di.unimi.it/). */
export function xoshiro128(a: number, b: number, c: number, d: number): () => number {
  return () => {
    const word = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return word;
  };
}

/** A number in [0, 1) with 53 random bits, of two words. */
export const uniformOf = (nextWord: () => number): number =>
  ((nextWord() >>> 5) * 2 ** 26 + (nextWord() >>> 6)) / 2 ** 53;

export function seededRandom(seed: string | number): Random {
  const label = String(seed);
  const fill = splitMix32(fnv1a(label));
  const nextWord = xoshiro128(fill(), fill(), fill(), fill() | 1);

  return {
    next: () => uniformOf(nextWord),
    bytes: (count) => Uint8Array.from({ length: count }, () => nextWord() & 0xff),
    fork: (name) => seededRandom(`${label}/${name}`),
  };
}
