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
