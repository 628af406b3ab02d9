import { expect, it } from 'vitest';
import { readDocument } from '../../../src/contracts/index.ts';

const any = (value: unknown) => ({ ok: true, value }) as const;

it('a document nested so deep that the parser would stall is refused before it is parsed', () => {
  for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(200_000)])
    expect(readDocument(text, any)).toMatchObject({
      ok: false,
      error: { found: expect.stringContaining('nested') },
    });
});

it('brackets that are closed again do not count as depth', () => {
  const text = `[${'[],'.repeat(2_000)}[]]`;
  expect(readDocument(text, any)).toMatchObject({ ok: true });
});

it('a key that comes twice is refused at its line, however it is written', () => {
  for (const text of ['a: 1\nb: 2\na: 3', '{"a":1,\n"b":2,\n"\\u0061":3}', 'b:\n  x: 1\n  "x": 2'])
    expect(readDocument(text, any)).toMatchObject({
      ok: false,
      error: { line: 3, expected: 'keys that are unique' },
    });
  expect(readDocument('a: { x: 1 }\nb: { x: 1 }', any)).toMatchObject({ ok: true });
});

it('a hundred thousand keys are read in time that grows with their number, not its square', () => {
  const text = `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":${at}`).join()}}`;
  expect(readDocument(text, any)).toMatchObject({ ok: true });
}, 30_000);

it('no more than a hundred aliases are resolved', () => {
  const of = (count: number) => `a: &a x\nb:\n${'  - *a\n'.repeat(count)}`;
  expect(readDocument(of(99), any)).toMatchObject({ ok: true });
  expect(readDocument(of(101), any)).toMatchObject({
    ok: false,
    error: { line: 103, expected: 'at most 100' },
  });
});
