import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/skein-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sh = (command: string, args: readonly string[], cwd: string) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

describe('the published package, installed in an empty folder', () => {
  beforeAll(() => {
    sh('npm', ['pack', '--silent', '--pack-destination', folder], root);
    const [tarball = ''] = readdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    sh('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], folder);
  });

  it('satisfies publint', () => {
    const said = sh('publint', ['run', '--strict', join(folder, 'node_modules/skein')], folder);
    expect(said).toContain('All good');
  });

  it('has the command: help, and a skill run to its outcome', () => {
    expect(sh('npx', ['skein', '--help'], folder)).toContain('Usage: skein');
    const outcome = sh(
      'npx',
      ['skein', 'run', 'hello', '--input', '{"name":"Ada"}', '--json'],
      folder,
    );
    expect(JSON.parse(outcome)).toMatchObject({ ok: true, value: { greeting: 'Hello, Ada!' } });
  });

  it('has the doors that its exports name, with types', () => {
    writeFileSync(
      join(folder, 'doors.mjs'),
      `import { ActorSystem, startNode } from 'skein';
       import { testSystem } from 'skein/testing';
       console.log(typeof ActorSystem, typeof startNode, typeof testSystem);`,
    );
    expect(sh('node', ['doors.mjs'], folder).trim()).toBe('function function function');
    const { exports } = JSON.parse(
      readFileSync(join(folder, 'node_modules/skein/package.json'), 'utf8'),
    );
    for (const door of ['.', './skill', './testing'])
      expect(
        readFileSync(join(folder, 'node_modules/skein', exports[door].types), 'utf8'),
      ).not.toBe('');
  });
});
