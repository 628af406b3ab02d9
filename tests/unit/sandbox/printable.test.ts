import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failure, success } from '../../../src/contracts/index.ts';
import {
  printable,
  printableFailure,
  printableJson,
  printableLines,
} from '../../../src/sandbox/printable.ts';

const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('printable text has nothing that ends a line or orders a terminal about', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text, 10_000)).not.toMatch(UNPRINTABLE);
    }),
  );
});

test('printable text shows what was there', () => {
  expect(printable('a\r\n\u001b[2J\u202e\u0000\u2028', 100)).toBe(
    'a\\u000d\\u000a\\u001b[2J\\u202e\\u0000\\u2028',
  );
  expect(printable('naïve 日本 👩‍💻 \ud800', 100)).toBe('naïve 日本 👩‍💻 \\ud800');
});

test('printable text is cut to its length', () => {
  expect(printable('abcdef', 3)).toBe('abc…');
});

test('a failure that repeats what a skill asked for can be shown', () => {
  const failed = failure('CAPABILITY_DENIED', { capability: 'llm', reason: 'model a\u001b[2J' });
  expect(printableFailure(failed)).toMatchObject({
    error: {
      code: 'CAPABILITY_DENIED',
      message: expect.stringContaining('a\\u001b[2J'),
      details: { reason: 'model a\\u001b[2J' },
    },
  });
  expect(printableFailure(success('\u001b'))).toEqual(success('\u001b'));
});

test('a stack keeps its lines, a value keeps its shape', () => {
  expect(printableLines('a\n\tb', 100)).toBe('a\n\\u0009b');
  expect(printableJson({ 'k\n': ['v\r', 1, null, true] }, 100)).toEqual({
    'k\\u000a': ['v\\u000d', 1, null, true],
  });
});
