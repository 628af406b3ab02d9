/** What `npm run test:activation` would say of owners that do wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AckLog, overlaps, StoreChecker } from '../../../scripts/activation/checkers.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-checkers-'));
afterAll(() => rmSync(folder, { recursive: true }));

function heard(...writes: readonly [holder: string, revision: number, version: number][]) {
  const checker = new StoreChecker();
  for (const [at, [holder, revision, version]] of writes.entries()) {
    const value = { holder, version, token: { revision, nonce: `${holder}/${revision}` } };
    checker.hear({ kind: 'entry', key: 'act.counter.k', revision: at + 1, value });
  }
  return checker;
}

function turns(...lines: readonly string[]): readonly string[] {
  const file = join(folder, `turns-${lines.length}-${lines[0]}`.replaceAll(/\W/g, '-'));
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return [file, join(folder, 'of-a-node-that-never-ran')];
}

describe('the checker of the store', () => {
  it('is content with owners that come one after another, and counts them', () => {
    const checker = heard(['a', 5, 0], ['a', 5, 1], ['a', 5, 3], ['b', 9, 3], ['b', 9, 4]);
    expect(checker).toMatchObject({ violations: [], writes: 5, failOvers: 1, missed: 1 });
  });

  it('finds two writers in one epoch, a token that goes back and a version that is lost', () => {
    expect(heard(['a', 5, 0], ['b', 5, 1]).violations).toHaveLength(1);
    expect(heard(['a', 5, 0], ['b', 9, 0], ['a', 5, 1]).violations).toHaveLength(1);
    expect(heard(['a', 5, 4], ['b', 9, 3]).violations).toHaveLength(1);
  });
});

describe('the checker of turns', () => {
  it('is content with reigns that follow each other, and leaves out a torn line', () => {
    const files = turns('k 5 a 100', 'k 5 a 200', 'k 9 b 201', 'j 7 c 150', 'k 9 b');
    expect(overlaps(files)).toEqual({ turns: 4, activations: 3, violations: [] });
  });

  it('finds two that act at once', () => {
    expect(overlaps(turns('k 5 a 100', 'k 9 b 150', 'k 5 a 200')).violations).toHaveLength(1);
  });
});

describe('the log of acknowledgements', () => {
  it('counts what is lost, and finds counts that were given twice or that nobody asked for', () => {
    const log = new AckLog();
    for (const count of [1, 2, 4]) log.answered('k', count);
    log.mayHaveCounted('k');
    expect(log.settle('k', 4)).toBe(0);
    expect(log.settle('k', 2)).toBe(1);
    expect(log.violations).toEqual([]);
    expect(log.settle('k', 5)).toBe(0);
    log.answered('k', 4);
    expect(log.violations).toHaveLength(2);
  });
});
