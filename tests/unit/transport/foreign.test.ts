import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contracts/index.ts';
import { decodeForeign, encodeForeign } from '../../../src/transport/foreign-codec.ts';
import { fromPortable, type RefText, toPortable } from '../../../src/transport/foreign-value.ts';

class Ref {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
const refs: RefText = {
  isRef: (value) => value instanceof Ref,
  write: (ref) => (ref as Ref).name,
  read: (text) => new Ref(text),
};

const key = fc.string({ maxLength: 40 }).filter((text) => !/^(__proto__|\$actor)$|\0/.test(text));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    // As in JSON, minus zero arrives as zero.
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary', maxLength: 100 }).filter((text) => text.isWellFormed()),
    fc.string().map((name) => new Ref(name)),
    fc.array(tie('value'), { maxLength: 8 }),
    fc.dictionary(key, tie('value'), { maxKeys: 8, noNullPrototype: true }),
  ),
}));

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const repeated = (unit: string, count: number): string => unit.repeat(count);

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'cut'],
  ['a code that is never used', 'c1', 'never used'],
  ['an extension of a fixed size', 'd40000', 'an extension'],
  ['an extension', 'c7 01 41 00', 'an extension'],
  ['a time stamp', 'd6ff00000000', 'an extension'],
  ['a cut text', 'a5 6865', 'cut'],
  ['a text of 2 GiB', 'db 7fffffff 61', 'cut'],
  ['a list that says it holds 4 billion items', 'dd ffffffff', 'items'],
  ['a map of 4 billion keys', 'df ffffffff', 'keys'],
  ['a list longer than its bytes', 'dc 00ff c0', 'cut'],
  ['bytes longer than the frame', 'c6 00100000 00', 'cut'],
  ['a second value', 'c0 c0', 'bytes too many'],
  ['a number as a key', '81 01 02', 'no text'],
  ['a map as a key', '81 80 01', 'no text'],
  ['nil as a key', '81 c0 01', 'no text'],
  ['bytes as a key', '81 c4 01 61 01', 'no text'],
  ['__proto__ as a key', '81 a9 5f5f70726f746f5f5f 80', '__proto__'],
  ['__proto__ as a long key', '81 d9 09 5f5f70726f746f5f5f 80', '__proto__'],
  ['a NUL in a key', '81 a2 6100 01', 'NUL'],
  ['a long key', `81 da 0400 ${repeated('61', 1024)} 01`, 'a key of 1024 bytes'],
  ['text that is not UTF-8', 'a2 c328', 'UTF-8'],
  ['an overlong slash', 'a2 c0af', 'UTF-8'],
  ['half a surrogate pair', 'a3 eda080', 'UTF-8'],
  ['long text that is not UTF-8', `d9 40 ${repeated('61', 63)} ff`, 'UTF-8'],
  ['NaN', 'cb 7ff8000000000000', 'finite'],
  ['minus infinity', 'cb fff0000000000000', 'finite'],
  ['NaN of 4 bytes', 'ca 7fc00000', 'finite'],
  ['a number beyond 2^53', 'cf 0020000000000001', '2^53'],
  ['the largest number', 'cf ffffffffffffffff', '2^53'],
  ['the smallest number', 'd3 8000000000000000', '2^53'],
  ['too many levels', `${repeated('91', LIMITS.foreignDepth + 1)} c0`, 'levels'],
  ['a thousand levels of maps', repeated('81a161', 1000), 'levels'],
];

/** One reader gives a Buffer where the other gives a Uint8Array. */
function bytesAsLists(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(bytesAsLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, bytesAsLists(each)]));
}

describe('values for other nodes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const { value: portable, hasRefs } = toPortable(value, refs);
        const bytes = encodeForeign(portable);
        const back = hasRefs ? fromPortable(decodeForeign(bytes), refs) : decodeForeign(bytes);
        expect(back).toEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(REFUSED)('refuse %s', (_what, bytes, reason) => {
    expect(() => decodeForeign(hex(bytes))).toThrow(reason);
  });

  it('are read when they lie where a shorter one was read before', () => {
    const bytes = encodeForeign(['one', 'two', { three: 3 }]);
    expect(() => decodeForeign(bytes.subarray(0, 5))).toThrow();
    expect(decodeForeign(bytes)).toEqual(['one', 'two', { three: 3 }]);
  });

  it('refuse more items and keys than are allowed, though they are all there', () => {
    const list = Buffer.concat([hex('dd 000f4240'), Buffer.alloc(1_000_000, 0xc0)]);
    expect(() => decodeForeign(list)).toThrow('a list of 1000000 items');
    const entries = Array.from({ length: LIMITS.foreignKeys + 1 }, (_, id) => [`k${id}`, id]);
    expect(() => decodeForeign(encodeForeign(Object.fromEntries(entries)))).toThrow('keys');
  });

  it('are read as another reader reads them, or refused: never misread', () => {
    const other = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });
    const random = fc.tuple(
      anyValue,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      fc.nat(),
    );
    let accepted = 0;
    fc.assert(
      fc.property(random, ([value, changes, cut]) => {
        const bytes = encodeForeign(toPortable(value, refs).value).slice();
        for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
        const frame =
          changes.length === 0 ? bytes.subarray(0, cut % (bytes.byteLength + 1)) : bytes;
        let read: unknown;
        try {
          read = decodeForeign(frame);
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/at byte \d+$/);
          return;
        }
        accepted++;
        expect(bytesAsLists(read)).toEqual(bytesAsLists(other.unpack(frame)));
      }),
      { seed: 7, numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
