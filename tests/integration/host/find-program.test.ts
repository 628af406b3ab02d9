import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findProgram } from '../../../src/host/index.ts';

const cacheDir = mkdtempSync(join(tmpdir(), 'skein-programs-'));
afterAll(() => rmSync(cacheDir, { recursive: true }));
const hasDebianTools = spawnSync('apt-get', ['--version']).status === 0;

it('finds a program on PATH', async () => {
  const found = await findProgram({ program: 'node', debianPackage: 'nodejs', cacheDir });
  expect(found).toMatchObject({ ok: true });
});

it.runIf(hasDebianTools)(
  'unpacks a Debian package into the cache, twice at once, and finds it again',
  async () => {
    const wanted = { program: 'hello', debianPackage: 'hello', cacheDir };
    const found = await Promise.all([findProgram(wanted), findProgram(wanted)]);
    for (const each of found) {
      if (!each.ok) throw new Error(each.error.message);
      expect(execFileSync(each.value, ['--version']).toString()).toContain('GNU Hello');
    }
    expect(await findProgram({ ...wanted, env: { PATH: '' } })).toEqual(found[0]);
  },
);

it('says which command installs a program that it cannot get', async () => {
  const wanted = { program: 'no-such-program', debianPackage: 'no-such-package', cacheDir };
  const found = await findProgram(wanted);
  expect(found).toMatchObject({ ok: false, error: { code: 'PROGRAM_MISSING' } });
  if (!found.ok) expect(found.error.message).toContain('apt-get install no-such-package');
});
