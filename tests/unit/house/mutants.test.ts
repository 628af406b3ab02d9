import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HOLES } from '../../../scripts/holes/list.ts';
import { MUTANTS } from '../../../scripts/mutants/list.ts';

const src = new URL('../../../src/', import.meta.url);

it.each([...MUTANTS, ...HOLES])(
  'finds the one line of the mutant "$name"',
  ({ file, from, to }) => {
    const text = readFileSync(new URL(file, src), 'utf8');
    expect(text.split(from).length - 1).toBe(1);
    expect(to).not.toBe(from);
  },
);
