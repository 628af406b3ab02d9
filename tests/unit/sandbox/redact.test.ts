/** Secrets in what services answer, in the codings that services use. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REDACTED, redactor } from '../../../src/sandbox/secrets/redact.ts';

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map(String.fromCharCode),
  minLength: 8,
  maxLength: 60,
});
const around = fc.string({ maxLength: 20 });

const CODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  json: (text) => JSON.stringify({ text }),
  percent: encodeURIComponent,
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
};

it.each(Object.entries(CODINGS))('are found in %s, whatever is around them', (_name, coded) => {
  fc.assert(
    fc.property(printable, around, around, (value, before, after) => {
      const redact = redactor([value]);
      const text = coded(`${before}${value}${after}`);
      const rest = redact(text);
      expect(rest).toContain(REDACTED);
      // What is left does not decode to the value.
      for (const left of rest.split(REDACTED)) {
        expect(left).not.toContain(
          coded(value)
            .replace(/^\{"text":"|"\}$|=+$/g, '')
            .slice(2, -2),
        );
      }
    }),
  );
});

it('leave the rest as it was', () => {
  expect(redactor(['0123456789'])('a 0123456789 b')).toBe(`a ${REDACTED} b`);
  expect(redactor(['0123456789'])('nothing of it')).toBe('nothing of it');
  expect(redactor([])('anything')).toBe('anything');
  expect(redactor(['abcdefgh', 'abcdefghij'])('abcdefghij')).toBe(REDACTED);
});
