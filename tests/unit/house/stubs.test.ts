import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../../src/', import.meta.url));
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|not[ -]?(yet[ -])?implemented|\bstub(bed|s)?\b/i;

it('the sources hold nothing unfinished: no TODO, no stub, no "not implemented"', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const found = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      readFileSync(join(src, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (UNFINISHED.test(line) ? [`${file}:${index + 1}: ${line}`] : [])),
    );
  expect(found).toEqual([]);
});
