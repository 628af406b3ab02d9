import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { PROBES } from '../../support/sources.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const CEILING_LINES = 600;
/** What is long today may shrink, not grow: lower a figure when its file got shorter. */
const LONG: Readonly<Record<string, number>> = {
  'src/kernel/cell.ts': 530,
  'src/kernel/actor-system.ts': 500,
};
const LONG_LINES = 400;

const sources = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'src/**/*.ts', 'src/*.ts'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '' && !file.includes(PROBES));
const linesOf = (file: string) => readFileSync(`${root}${file}`, 'utf8').split('\n').length - 1;

it('keeps every file below its length', () => {
  const long = sources
    .map((file) => ({
      file,
      lines: linesOf(file),
      limit: Math.min(CEILING_LINES, LONG[file] ?? LONG_LINES),
    }))
    .filter(({ lines, limit }) => lines > limit);
  expect(long).toEqual([]);
});

it('keeps the median file on a screen or two', () => {
  const lengths = sources.map(linesOf).sort((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(150);
});
