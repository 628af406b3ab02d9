import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SRC, sourceFiles } from '../../support/sources.ts';

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|not[ -]?(yet[ -])?implemented|\bstub(bed|s)?\b/i;

it('the sources hold nothing unfinished: no TODO, no stub, no "not implemented"', () => {
  const found = sourceFiles().flatMap((file) =>
    readFileSync(join(SRC, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (UNFINISHED.test(line) ? [`${file}:${index + 1}: ${line}`] : [])),
  );
  expect(found).toEqual([]);
});
