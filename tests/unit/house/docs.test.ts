import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorsPage, readmeWithExample } from '../../../scripts/pages.ts';
import { ERROR_TABLE } from '../../../src/contracts/index.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8');

describe('documents', () => {
  it('has docs/errors.md in step with the table; npm run docs mends it', () => {
    expect(read('docs/errors.md')).toBe(errorsPage());
  });

  it('shows example 01 in the README as it is run', () => {
    const readme = read('README.md');
    expect(readme).toContain('<!-- example 01 -->');
    expect(readmeWithExample(readme, read('examples/01-hello-actor.ts'))).toBe(readme);
  });

  it('names a test that exists for each implemented row of docs/status.md', () => {
    const rows = read('docs/status.md')
      .split('\n')
      .filter((line) => /\| *Implemented *\|/.test(line));
    expect(rows.length).toBeGreaterThan(5);
    const broken = rows.filter((row) => {
      const tests = Array.from(
        row.matchAll(/(tests\/[\w./-]+|examples\/[\w./-]+)/g),
        (match) => match[1] ?? '',
      );
      return tests.length === 0 || tests.some((file) => !existsSync(`${root}${file}`));
    });
    expect(broken).toEqual([]);
  });

  it('links only to files that exist', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      'docs/architecture.md',
      'docs/semantics.md',
      'docs/status.md',
      'docs/plans.md',
      'docs/skills.md',
      'docs/capabilities.md',
      'docs/testing.md',
      'docs/simulation.md',
      'docs/operating.md',
      'docs/doctor.md',
      'docs/halt.md',
      'docs/network.md',
      'docs/virtual-actors.md',
      'docs/wire.md',
    ];
    const broken = pages.flatMap((page) => {
      const links = Array.from(
        read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g),
        (match) => match[1] ?? '',
      );
      const folder = page.includes('/') ? 'docs/' : '';
      return links
        .filter(
          (link) => !/^[a-z]+:/.test(link) && !existsSync(new URL(link, `file://${root}${folder}`)),
        )
        .map((link) => `${page}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});

describe('the error table', () => {
  it.each(Object.entries(ERROR_TABLE))('says of %s what to do, in a sentence', (_code, row) => {
    expect(row.advice).toMatch(/[.]$/);
    expect(row.httpStatus).toBeGreaterThanOrEqual(400);
  });
});
