import { expect, test } from 'vitest';
import { checkManifest, readDocument } from '../../../src/contracts/index.ts';

const MANIFEST = { name: 'a', version: '1.0.0', description: 'A.', input: true, output: true };

test('a manifest of plain JSON is taken as it is', () => {
  const manifest = { ...MANIFEST, input: { enum: [1, 'a', null, { b: [true] }] } };
  expect(checkManifest(manifest)).toEqual({ ok: true, value: manifest });
});

test.each([
  ['an infinite number', { input: { minimum: Number.POSITIVE_INFINITY } }, '/input/minimum'],
  ['no number', { examples: [{ input: Number.NaN }] }, '/examples/0/input'],
  ['half of a character', { description: '\ud800' }, '/description'],
  ['half of a character in a key', { input: { '\udc00': 1 } }, '/input'],
  ['a key that sets a prototype', { input: JSON.parse('{"__proto__":{}}') }, '/input'],
  ['a date', { examples: [{ input: new Date(0) }] }, '/examples/0/input'],
  ['nothing', { examples: [{ input: [undefined] }] }, '/examples/0/input/0'],
  ['an unknown field', { more: 1 }, '/more'],
])('%s is refused, with its place', (_name, part, pointer) => {
  expect(checkManifest({ ...MANIFEST, ...part })).toMatchObject({
    ok: false,
    mismatch: { pointer, found: expect.any(String), expected: expect.any(String) },
  });
});

test('levels without an end are refused', () => {
  const text = `${JSON.stringify(MANIFEST).slice(0, -1)},"examples":[{"input":${'['.repeat(300)}${']'.repeat(300)}}]}`;
  expect(readDocument(text, checkManifest)).toMatchObject({
    ok: false,
    error: { expected: 'at most 128 levels' },
  });
});

test('what YAML has and JSON has not is refused with its line', () => {
  const text = 'name: a\nversion: 1.0.0\ndescription: A.\ninput: true\noutput:\n  maximum: .inf\n';
  expect(readDocument(text, checkManifest)).toMatchObject({
    ok: false,
    error: { pointer: '/output/maximum', line: 6 },
  });
});
