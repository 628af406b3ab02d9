/**
 * Reads msgpack from another node, in one pass that checks each part before it is built: what is looked at and what is built
 * cannot differ. Nothing is allocated by what a length claims. Refused: what is cut, too deep or too wide, extensions, keys that
 * are no short text, text that is not UTF-8, numbers that JavaScript would round, NaN and infinities.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { isUtf8 } from 'node:buffer';
import { LIMITS } from '../contracts/index.ts';
import { ShortTexts } from './short-texts.ts';

const LAST_EXACT_HIGH_WORD = 0x1f_ffff;
const PROTO = '__proto__';

const texts = new ShortTexts();

export class ForeignReader {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #end = 0;

  /** @throws with a reason unless exactly one allowed value lies from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): unknown {
    const { buffer, byteOffset, byteLength } = bytes;
    const { buffer: known, byteOffset: at, byteLength: size } = this.#bytes;
    if (known !== buffer || at !== byteOffset || size < byteLength) {
      this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
      this.#view = new DataView(buffer, byteOffset, byteLength);
    }
    this.#at = start;
    this.#end = end;
    const value = this.#value(0);
    if (this.#at !== end) this.#refuse(`${end - this.#at} bytes too many`);
    return value;
  }

  #value(depth: number): unknown {
    const code = this.#bytes[this.#take(1)] as number;
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f, depth);
    if (code < 0xa0) return this.#list(code & 0x0f, depth);
    if (code < 0xc0) return this.#text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#size(1 << (code - 0xc4)));
      case 0xca:
        return this.#finite(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return this.#finite(this.#view.getFloat64(this.#take(8)));
      case 0xcc:
        return this.#bytes[this.#take(1)];
      case 0xcd:
        return this.#view.getUint16(this.#take(2));
      case 0xce:
        return this.#view.getUint32(this.#take(4));
      case 0xcf:
        return this.#wide(this.#view.getUint32(this.#take(4)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return this.#wide(this.#view.getInt32(this.#take(4)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#size(1 << (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#size(2 << (code - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#size(2 << (code - 0xde)), depth);
      default:
        return this.#refuse(code === 0xc1 ? 'a code that is never used' : 'an extension');
    }
  }

  #map(count: number, depth: number): unknown {
    if (count > LIMITS.foreignKeys) this.#refuse(`a map of ${count} keys`);
    this.#deeper(count * 2, depth);
    const fields: Record<string, unknown> = {};
    for (let each = 0; each < count; each++) {
      const key = this.#key();
      fields[key] = this.#value(depth + 1);
    }
    return fields;
  }

  #list(count: number, depth: number): unknown {
    if (count > LIMITS.foreignItems) this.#refuse(`a list of ${count} items`);
    this.#deeper(count, depth);
    const items: unknown[] = [];
    for (let each = 0; each < count; each++) items.push(this.#value(depth + 1));
    return items;
  }

  #deeper(parts: number, depth: number): void {
    if (depth >= LIMITS.foreignDepth) this.#refuse(`more than ${LIMITS.foreignDepth} levels`);
    // Each part takes a byte at least.
    if (parts > this.#end - this.#at) this.#refuse('the value is cut');
  }

  #key(): string {
    const code = this.#bytes[this.#take(1)] as number;
    const isText = (code >= 0xa0 && code < 0xc0) || (code >= 0xd9 && code <= 0xdb);
    if (!isText) this.#refuse('a key that is no text');
    const size = code < 0xc0 ? code & 0x1f : this.#size(1 << (code - 0xd9));
    if (size > LIMITS.foreignKeyBytes) this.#refuse(`a key of ${size} bytes`);
    const key = this.#text(size);
    if (key === PROTO) this.#refuse('the key __proto__');
    if (key.includes('\0')) this.#refuse('a NUL in a key');
    return key;
  }

  #text(size: number): string {
    const start = this.#take(size);
    const short = texts.find(this.#bytes, start, size);
    if (short !== undefined) return short;
    const end = start + size;
    if (!isUtf8(this.#bytes.subarray(start, end))) this.#refuse('text that is not UTF-8');
    return this.#bytes.toString('utf8', start, end);
  }

  /** A copy, so that a few bytes do not keep a large frame alive. */
  #binary(size: number): Uint8Array {
    const start = this.#take(size);
    return new Uint8Array(this.#bytes.subarray(start, start + size));
  }

  #finite(number: number): number {
    return Number.isFinite(number)
      ? number
      : (this.#refuse('a number that is not finite') as never);
  }

  /** 64 bits whose upper half has been read. */
  #wide(high: number): number {
    const low = this.#view.getUint32(this.#take(4));
    const isExact = high <= LAST_EXACT_HIGH_WORD && high >= -LAST_EXACT_HIGH_WORD - 1;
    const number = high * 2 ** 32 + low;
    if (!isExact || !Number.isSafeInteger(number)) this.#refuse('a number beyond 2^53');
    return number;
  }

  #size(width: number): number {
    const at = this.#take(width);
    if (width === 1) return this.#bytes[at] as number;
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** @returns where the next `count` bytes lie, which are taken then. */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#end - at) this.#refuse('the value is cut');
    this.#at = at + count;
    return at;
  }

  #refuse(what: string): never {
    throw new Error(`${what} at byte ${this.#at}`);
  }
}
