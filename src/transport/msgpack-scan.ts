/**
 * Looks through msgpack from another node before anything is built from it: one pass, no allocation by what a length claims.
 * Refused: what is cut, too deep or too wide, extensions, keys that are no short text, text that is not UTF-8, numbers that
 * JavaScript would round, NaN and infinities. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { isUtf8 } from 'node:buffer';
import { LIMITS } from '../contracts/index.ts';

/** Items still to come at each level, and whether the level is a map. Used by one scan at a time. */
const left = new Float64Array(LIMITS.foreignDepth + 1);
const isMap = new Uint8Array(LIMITS.foreignDepth + 1);

/** Beyond this the native check of UTF-8 pays. */
const LOOP_BYTES = 48;
const LAST_EXACT_HIGH_WORD = 0x1f_ffff;

class Refused extends Error {}

const refuse = (what: string, at: number): never => {
  throw new Refused(`${what} at byte ${at}`);
};

/** @throws with a reason unless exactly one value, allowed in every part, lies from `start` to `end`. */
export function scanMsgpack(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  let depth = 0;
  left[0] = 1;
  isMap[0] = 0;
  for (;;) {
    while (left[depth] === 0) {
      if (depth === 0) {
        if (at !== end) refuse(`${end - at} bytes too many`, at);
        return;
      }
      depth--;
    }
    const isKey = isMap[depth] === 1 && ((left[depth] as number) & 1) === 0;
    left[depth] = (left[depth] as number) - 1;
    if (at >= end) refuse('the value is cut', at);
    const code = bytes[at] as number;
    if (code < 0x80 || code >= 0xe0) {
      if (isKey) refuse('a key that is no text', at);
      at++;
      continue;
    }
    if (code >= 0xa0 && code < 0xc0) {
      at = text(bytes, at + 1, code & 0x1f, end, isKey);
      continue;
    }
    if (code >= 0xd9 && code <= 0xdb) {
      const width = 1 << (code - 0xd9);
      at = text(bytes, at + 1 + width, sizeAt(bytes, at + 1, width, end), end, isKey);
      continue;
    }
    if (isKey) refuse('a key that is no text', at);
    if (code < 0xa0 || code >= 0xdc) {
      const isFixed = code < 0xa0;
      const width = isFixed ? 0 : 2 << (code & 1);
      const count = isFixed ? code & 0x0f : sizeAt(bytes, at + 1, width, end);
      const map = isFixed ? code < 0x90 : code >= 0xde;
      if (map && count > LIMITS.foreignKeys) refuse(`a map of ${count} keys`, at);
      if (count > LIMITS.foreignItems) refuse(`a list of ${count} items`, at);
      if (count > end - at) refuse('the value is cut', at);
      if (++depth > LIMITS.foreignDepth) refuse(`more than ${LIMITS.foreignDepth} levels`, at);
      left[depth] = map ? count * 2 : count;
      isMap[depth] = map ? 1 : 0;
      at += 1 + width;
      continue;
    }
    at = scalar(bytes, at, code, end);
  }
}

/** Nil, booleans, bytes and numbers that need more than one byte. @returns where the next value begins. */
function scalar(bytes: Uint8Array, at: number, code: number, end: number): number {
  if (code === 0xc0 || code === 0xc2 || code === 0xc3) return at + 1;
  if (code >= 0xc4 && code <= 0xc6) {
    const width = 1 << (code - 0xc4);
    return within(at + 1 + width + sizeAt(bytes, at + 1, width, end), end);
  }
  if (code === 0xca) {
    const next = within(at + 5, end);
    const isReal = ((bytes[at + 1] as number) & 0x7f) !== 0x7f || (bytes[at + 2] as number) < 0x80;
    return isReal ? next : refuse('a number that is not finite', at);
  }
  if (code === 0xcb) {
    const next = within(at + 9, end);
    const isReal = ((bytes[at + 1] as number) & 0x7f) !== 0x7f || (bytes[at + 2] as number) < 0xf0;
    return isReal ? next : refuse('a number that is not finite', at);
  }
  if (code >= 0xcc && code <= 0xce) return within(at + 1 + (1 << (code - 0xcc)), end);
  if (code >= 0xd0 && code <= 0xd2) return within(at + 1 + (1 << (code - 0xd0)), end);
  if (code === 0xcf || code === 0xd3) {
    const next = within(at + 9, end);
    const high = sizeAt(bytes, at + 1, 4, end);
    const isNegative = code === 0xd3 && high >= 0x8000_0000;
    const magnitude = isNegative ? ~high >>> 0 : high;
    return magnitude <= LAST_EXACT_HIGH_WORD ? next : refuse('a number beyond 2^53', at);
  }
  return refuse(code === 0xc1 ? 'a code that is never used' : 'an extension', at);
}

function text(bytes: Uint8Array, start: number, size: number, end: number, isKey: boolean): number {
  const next = within(start + size, end);
  if (isKey) checkKey(bytes, start, size);
  if (size > LOOP_BYTES) {
    if (!isUtf8(bytes.subarray(start, next))) refuse('text that is not UTF-8', start);
    return next;
  }
  for (let at = start; at < next; at++) {
    if ((bytes[at] as number) >= 0x80) {
      if (!isUtf8(bytes.subarray(start, next))) refuse('text that is not UTF-8', start);
      return next;
    }
  }
  return next;
}

const PROTO = Buffer.from('__proto__');
const UNDERSCORE = 0x5f;

function checkKey(bytes: Uint8Array, start: number, size: number): void {
  if (size > LIMITS.foreignKeyBytes) refuse(`a key of ${size} bytes`, start);
  if (size === PROTO.byteLength && bytes[start] === UNDERSCORE) {
    if (PROTO.equals(bytes.subarray(start, start + size))) refuse('the key __proto__', start);
  }
  for (let at = start; at < start + size; at++) {
    if (bytes[at] === 0) refuse('a NUL in a key', at);
  }
}

function sizeAt(bytes: Uint8Array, at: number, width: number, end: number): number {
  within(at + width, end);
  let size = 0;
  for (let each = 0; each < width; each++) size = size * 256 + (bytes[at + each] as number);
  return size;
}

const within = (next: number, end: number): number =>
  next <= end ? next : refuse('the value is cut', end);
