import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../../src/contracts/index.ts';
import { canonicalJson } from '../../../src/sandbox/canonical-json.ts';

test('canonical text is what the reference implementation gives, for any data', () => {
  const key = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.nat().map(String),
    fc.constantFrom('a', 'b', '\u20ac', '😀'),
  );
  const { data } = fc.letrec<{ data: Json }>((tie) => ({
    data: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('data')),
      fc.dictionary(
        key.filter((name) => name !== '__proto__'),
        tie('data'),
      ),
    ),
  }));
  fc.assert(
    fc.property(data, (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }),
    { numRuns: 500 },
  );
});

test('keys are ordered by their code units, numbers among them', () => {
  expect(canonicalJson({ b: 1, 10: 2, 9: 3, a: { d: 4, c: 5 } })).toBe(
    '{"10":2,"9":3,"a":{"c":5,"d":4},"b":1}',
  );
});
