import { lchownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isProcessAlive, makeSocketFolder } from '../../../src/host/socket-folders.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'skein-test-folders-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('removes what processes that are gone have left, and nothing else', async () => {
  const names = ['skein-link-7-abcdef', 'skein-link-8-abcdef', 'skein-link-9-abcdef'];
  for (const name of [...names, 'skein-link-x-abcdef', 'somebody-else', 'skein-link-7-'])
    mkdirSync(join(parent, name));
  mkdirSync(join(parent, 'skein-link-7-abcdef/within'));
  const made = await makeSocketFolder({ parent, pid: 9, isAlive: (pid) => pid === 8 });
  expect(made).toMatch(/skein-link-9-\w{6}$/);
  expect(
    readdirSync(parent)
      .filter((name) => !made.endsWith(name))
      .sort(),
  ).toEqual([
    'skein-link-7-',
    'skein-link-8-abcdef',
    'skein-link-9-abcdef',
    'skein-link-x-abcdef',
    'somebody-else',
  ]);
});

it('leaves what is not its user’s own: a link, and as root the folder of another user', async () => {
  const outside = join(parent, 'outside');
  mkdirSync(join(outside, 'kept'), { recursive: true });
  symlinkSync(outside, join(parent, 'skein-link-7-abcdef'));
  mkdirSync(join(parent, 'skein-link-7-ghijkl'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) lchownSync(join(parent, 'skein-link-7-ghijkl'), 65_534, 65_534);
  const made = await makeSocketFolder({ parent, pid: 9, isAlive: () => false });
  const left = readdirSync(parent).filter((name) => !made.endsWith(name));
  const expected = ['outside', 'skein-link-7-abcdef', ...(isRoot ? ['skein-link-7-ghijkl'] : [])];
  expect(left.sort()).toEqual(expected);
  expect(readdirSync(outside)).toEqual(['kept']);
});

it('knows whether a process is there', () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(1)).toBe(true);
  expect(isProcessAlive(2 ** 30)).toBe(false);
});
