/** The copy-out of the guest, run in this realm: the same text that is evaluated in an isolate. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GUEST_ENCODE } from '../../../src/sandbox/guest-encode.ts';

interface Cap {
  readonly bytes: number;
  readonly depth: number;
  readonly nodes: number;
}
interface Encoder {
  readonly encode: (value: unknown, cap: Cap) => string;
  readonly isRefusal: (thrown: unknown) => boolean;
}
const { encode, isRefusal } = new Function(
  `'use strict';${GUEST_ENCODE} return { encode, isRefusal };`,
)() as Encoder;

const wide: Cap = { bytes: 1_000_000, depth: 100, nodes: 1_000_000 };
const refusalOf = (value: unknown, cap = wide): unknown => {
  try {
    encode(value, cap);
    return undefined;
  } catch (thrown) {
    expect(isRefusal(thrown)).toBe(true);
    return { ...(thrown as object) };
  }
};

describe('encode', () => {
  test('writes what JSON.stringify writes, for all plain data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!/"__proto__"|\\ud[89a-f]/.test(JSON.stringify(value)));
        expect(encode(value, wide)).toBe(JSON.stringify(value));
      }),
    );
  });

  test('writes JSON or refuses, for anything at all, and never runs a getter or toJSON', () => {
    const trap = fc.constantFrom('get', 'toJSON', 'valueOf').map((kind) => {
      const explode = () => {
        throw new Error('called');
      };
      return kind === 'get'
        ? Object.defineProperty({}, 'x', { get: explode, enumerable: true })
        : { [kind]: explode };
    });
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.oneof(anything, fc.tuple(anything, trap)), (value) => {
        let text: string;
        try {
          text = encode(value, wide);
        } catch (thrown) {
          expect(isRefusal(thrown)).toBe(true);
          return;
        }
        expect(() => JSON.parse(text)).not.toThrow();
      }),
    );
  });

  test('stays inside its caps', () => {
    const cap = fc.record({
      bytes: fc.integer({ min: 0, max: 200 }),
      depth: fc.integer({ min: 0, max: 4 }),
      nodes: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.jsonValue(), cap, (value, bounds) => {
        try {
          expect(encode(value, bounds).length).toBeLessThanOrEqual(bounds.bytes);
        } catch (thrown) {
          expect(isRefusal(thrown)).toBe(true);
        }
      }),
    );
  });

  test.each([
    ['a cycle', Object.assign({}, { a: [] as unknown[] }), 'a cycle'],
    ['a number without a word', [Infinity], 'Infinity'],
    ['a symbol', { s: Symbol('s') }, 'a symbol'],
    ['an instance', [new (class Mine {})()], 'an instance of a class'],
    ['an error', new RangeError('x'), 'an Error'],
    ['half of a character', ['\ud800'], 'half of a character'],
    ['half of a character in a key', { '\udfff': 1 }, 'half of a character'],
    ['a boxed text', new String('x'), 'a String object'],
    ['a key that sets a prototype', JSON.parse('{"__proto__":1}'), 'a key named __proto__'],
  ])('refuses %s by name', (_, value, found) => {
    if (found === 'a cycle') value.a.push(value);
    expect(refusalOf(value)).toMatchObject({ kind: 'invalid', found });
  });

  test('says where', () => {
    expect(refusalOf({ a: [0, { b: 1n }] })).toMatchObject({ pointer: '/a/1/b' });
  });

  test('refuses a sparse list at its length, before it walks it', () => {
    const sparse: number[] = [];
    sparse[4_294_967_294] = 1;
    expect(refusalOf(sparse)).toEqual({ kind: 'large', unit: 'values' });
  });

  test('refuses nesting at its depth', () => {
    let nested: unknown = 0;
    for (let level = 0; level < 200_000; level++) nested = [nested];
    expect(refusalOf(nested)).toEqual({ kind: 'large', unit: 'levels' });
  });
});
