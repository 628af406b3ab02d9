import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/journal/canonical-json.ts';

const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 5 });

describe('canonical JSON', () => {
  test('is what the canonicalize package writes, for any JSON value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(value, 'v')).toEqual({ ok: true, value: canonicalize(value) });
      }),
      { numRuns: 1_000 },
    );
  });

  test('reads back as the value that was written, but for the sign of zero', () => {
    const unsigned = (_key: string, value: unknown) => (Object.is(value, -0) ? 0 : value);
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value, 'v');
        const expected = JSON.parse(JSON.stringify(value, unsigned));
        expect(text.ok && JSON.parse(text.value)).toEqual(expected);
      }),
    );
  });

  test('does not depend on the order in which keys were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).reverse());
        expect(canonicalJson(reversed, 'v')).toEqual(canonicalJson(record, 'v'));
      }),
    );
  });

  test.each([
    [
      'numbers of RFC 8785',
      [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
      '[333333333.3333333,1e+30,4.5,0.002,1e-27]',
    ],
    [
      'keys by UTF-16 code unit',
      { '€': 1, '\r': 2, 1: 3, '😀': 4, '\ufb33': 5 },
      '{"\\r":2,"1":3,"€":1,"😀":4,"\ufb33":5}',
    ],
    ['a property that is undefined as absent', { a: undefined, b: 1 }, '{"b":1}'],
    ['a key named __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])('writes %s', (_what, value, text) => {
    expect(canonicalJson(value, 'v')).toEqual({ ok: true, value: text });
  });

  test.each([
    ['undefined', undefined],
    ['a hole in an array', new Array(2)],
    ['a symbol', { a: Symbol('s') }],
    ['a date', new Date(0)],
    ['bytes', new Uint8Array(2)],
    ['a key with a lone surrogate', { '\ud800': 1 }],
    ['an object with toJSON', { toJSON: () => 1 }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no');
        },
      },
    ],
  ])('refuses %s', (_what, value) => {
    expect(canonicalJson(value, 'v')).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } });
  });

  test('takes nesting of 512 and refuses more', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(canonicalJson(nested(512), 'v').ok).toBe(true);
    expect(canonicalJson(nested(513), 'v').ok).toBe(false);
  });
});
