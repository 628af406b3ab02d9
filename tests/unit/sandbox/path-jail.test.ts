/** The path jail over a real file system: what is read, written and refused, by descriptor and by name. */
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { byDescriptor, byName } from '../../../src/sandbox/files/descriptors.ts';
import { PathJail } from '../../../src/sandbox/files/path-jail.ts';
import { parsePath } from '../../../src/sandbox/files/path-name.ts';

const MAX = 1_000;
let base: string;
let root: string;
let outside: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skein-jail-'));
  root = join(base, 'root');
  outside = join(base, 'outside');
  mkdirSync(join(root, 'docs/deep'), { recursive: true });
  mkdirSync(outside);
  mkdirSync(`${root}-evil`);
  for (const file of [`${base}/secret.txt`, `${outside}/secret.txt`, `${root}-evil/secret.txt`])
    writeFileSync(file, 'CANARY');
  writeFileSync(join(root, 'notes.txt'), 'hello');
  writeFileSync(join(root, 'docs/a.txt'), 'a');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function opened(descriptors = byDescriptor): Promise<PathJail> {
  const jail = await PathJail.open(root, { random: seededRandom('jail'), descriptors });
  if (!jail.ok) throw new Error(jail.error.message);
  return jail.value;
}
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);

describe.each([
  ['by descriptor', byDescriptor],
  ['by name', byName],
])('%s', (_name, descriptors) => {
  const inJail = async <T>(work: (jail: PathJail) => Promise<T>): Promise<T> => {
    const jail = await opened(descriptors);
    try {
      return await work(jail);
    } finally {
      await jail.close();
    }
  };
  const readText = (path: string): Promise<string> =>
    inJail(async (jail) => {
      const read = await jail.read(path, MAX);
      return read.ok ? read.value.toString() : read.error.code;
    });

  it.each([
    'notes.txt',
    './notes.txt',
    'docs/../notes.txt',
    'docs/deep/../../notes.txt',
    'docs//..//notes.txt',
  ])('reads %s', async (path) => {
    expect(await readText(path)).toBe('hello');
  });

  it.each([
    ['../secret.txt', 'PATH_REFUSED'],
    ['docs/../../secret.txt', 'PATH_REFUSED'],
    ['../root/notes.txt', 'PATH_REFUSED'],
    ['../root-evil/secret.txt', 'PATH_REFUSED'],
    ['/etc/passwd', 'PATH_REFUSED'],
    ['docs\\..\\notes.txt', 'PATH_REFUSED'],
    ['notes.txt\0.png', 'PATH_REFUSED'],
    ['C:notes.txt', 'PATH_REFUSED'],
    ['notes.txt\ud800', 'PATH_REFUSED'],
    ['', 'PATH_REFUSED'],
    ['.', 'PATH_REFUSED'],
    ['docs', 'PATH_REFUSED'],
    ['a/'.repeat(200_000), 'PATH_REFUSED'],
    ['a/'.repeat(100), 'PATH_REFUSED'],
    ['.skein-0', 'PATH_REFUSED'],
    ['missing', 'FILE_NOT_FOUND'],
    ['notes.txt/', 'FILE_NOT_FOUND'],
    ['notes.txt/..', 'FILE_NOT_FOUND'],
    ['notes.txt/../notes.txt', 'FILE_NOT_FOUND'],
    ['%2e%2e/secret.txt', 'FILE_NOT_FOUND'],
    ['Notes.txt', 'FILE_NOT_FOUND'],
    ['n'.repeat(300), 'FILE_NOT_FOUND'],
  ])('does not read %j', async (path, code) => {
    expect(await readText(path)).toBe(code);
  });

  it('follows no link, and says the same of one whether its target is there or not', async () => {
    const links: readonly (readonly [string, string])[] = [
      ['in', 'notes.txt'],
      ['out', join(outside, 'secret.txt')],
      ['nowhere', join(outside, 'missing')],
      ['loop', 'loop'],
      ['proc', '/proc/self/root'],
      ['folder', outside],
      ['gone', join(base, 'missing')],
    ];
    for (const [name, target] of links) fs.symlinkSync(target, join(root, name));
    await inJail(async (jail) => {
      for (const [name] of links) {
        expect(codeOf(await jail.read(name, MAX)), name).toBe('PATH_REFUSED');
        expect(codeOf(await jail.stat(name)), name).toBe('PATH_REFUSED');
        expect(codeOf(await jail.write(name, Buffer.from('x'))), name).toBe('PATH_REFUSED');
        expect(codeOf(await jail.remove(name)), name).toBe('PATH_REFUSED');
      }
      for (const path of [
        'folder/secret.txt',
        'folder/missing',
        'gone/secret.txt',
        'proc/etc/passwd',
      ]) {
        expect(codeOf(await jail.read(path, MAX)), path).toBe('FILE_NOT_FOUND');
        expect(codeOf(await jail.write(path, Buffer.from('x'))), path).toBe('FILE_NOT_FOUND');
      }
      expect(codeOf(await jail.list('folder'))).toBe('FILE_NOT_FOUND');
      expect(codeOf(await jail.mkdir('folder/new'))).toBe('FILE_NOT_FOUND');
    });
    expect(readdirSync(outside)).toEqual(['secret.txt']);
  });

  it('takes no file with a second name, no pipe and no socket', async () => {
    fs.linkSync(join(outside, 'secret.txt'), join(root, 'hard'));
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await inJail(async (jail) => {
      for (const path of ['hard', 'pipe']) {
        expect(codeOf(await jail.read(path, MAX)), path).toBe('PATH_REFUSED');
        expect(codeOf(await jail.write(path, Buffer.from('x'))), path).toBe('PATH_REFUSED');
        expect(codeOf(await jail.remove(path)), path).toBe('PATH_REFUSED');
      }
    });
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('CANARY');
  });

  it('writes, lists, states and removes', async () => {
    await inJail(async (jail) => {
      expect(await jail.mkdir('made/deep')).toMatchObject({ ok: true });
      expect(await jail.mkdir('made/deep')).toMatchObject({ ok: true });
      expect(await jail.write('made/deep/x', Buffer.from('one'))).toMatchObject({ ok: true });
      expect(await jail.write('made/deep/x', Buffer.from('two'))).toMatchObject({ ok: true });
      expect(await jail.stat('made/deep/x')).toMatchObject({ value: { kind: 'file', bytes: 3 } });
      expect(await jail.stat('.')).toMatchObject({ value: { kind: 'folder' } });
      expect(await jail.list('made/deep')).toEqual({
        ok: true,
        value: [{ name: 'x', kind: 'file' }],
      });
      expect(codeOf(await jail.remove('made/deep'))).toBe('PATH_REFUSED');
      expect(codeOf(await jail.remove('made/deep/x'))).toBe('ok');
      expect(codeOf(await jail.remove('made/deep'))).toBe('ok');
      expect(codeOf(await jail.remove('.'))).toBe('PATH_REFUSED');
      expect(codeOf(await jail.remove('made/..'))).toBe('PATH_REFUSED');
    });
    expect(readdirSync(root).sort()).toEqual(['docs', 'made', 'notes.txt']);
  });

  it('renames files and folders inside, and nothing in or out', async () => {
    fs.symlinkSync(outside, join(root, 'out'));
    fs.symlinkSync(join(outside, 'secret.txt'), join(root, 'link'));
    fs.linkSync(join(outside, 'secret.txt'), join(root, 'hard'));
    await inJail(async (jail) => {
      const renamed = async (from: string, to: string) => codeOf(await jail.rename(from, to));
      for (const [from, to, code] of [
        ['notes.txt', '../stolen.txt', 'PATH_REFUSED'],
        ['notes.txt', '/tmp/stolen.txt', 'PATH_REFUSED'],
        ['notes.txt', 'out/stolen.txt', 'FILE_NOT_FOUND'],
        ['notes.txt', 'link', 'PATH_REFUSED'],
        ['notes.txt', 'hard', 'PATH_REFUSED'],
        ['notes.txt', 'docs', 'PATH_REFUSED'],
        ['notes.txt', 'docs/', 'PATH_REFUSED'],
        ['../secret.txt', 'got', 'PATH_REFUSED'],
        ['out/secret.txt', 'got', 'FILE_NOT_FOUND'],
        ['link', 'got', 'PATH_REFUSED'],
        ['hard', 'got', 'PATH_REFUSED'],
        ['missing', 'got', 'FILE_NOT_FOUND'],
        ['docs', 'docs/deep/docs', 'PATH_REFUSED'],
        ['.', 'got', 'PATH_REFUSED'],
      ] as const) {
        expect(await renamed(from, to), `${from} to ${to}`).toBe(code);
      }
      expect(await renamed('notes.txt', './notes.txt')).toBe('ok');
      expect(await renamed('notes.txt', 'docs/deep/n')).toBe('ok');
      expect(await renamed('docs/a.txt', 'docs/deep/n')).toBe('ok');
      expect(await renamed('docs/deep', 'deeper')).toBe('ok');
      expect(await jail.list('deeper')).toMatchObject({ value: [{ name: 'n', kind: 'file' }] });
    });
    expect(readFileSync(join(root, 'deeper/n'), 'utf8')).toBe('a');
    expect(readdirSync(outside)).toEqual(['secret.txt']);
    expect(fs.existsSync(join(base, 'stolen.txt'))).toBe(false);
  });

  it('reads no more than it may', async () => {
    writeFileSync(join(root, 'large'), 'x'.repeat(MAX + 1));
    expect(await readText('large')).toBe('FILE_TOO_LARGE');
  });
});

it('leaves the old content, and no other file, when a write fails', async () => {
  const jail = await opened();
  const refused = { ok: false, error: { code: 'WORKSPACE_FULL' } } as never;
  expect(codeOf(await jail.write('notes.txt', Buffer.from('new'), () => refused))).toBe(
    'WORKSPACE_FULL',
  );
  fs.chmodSync(join(root, 'docs'), 0o500);
  const isSuperuser = process.getuid?.() === 0;
  const code = codeOf(await jail.write('docs/a.txt', Buffer.from('new')));
  expect(code).toBe(isSuperuser ? 'ok' : 'FILE_FAILED');
  fs.chmodSync(join(root, 'docs'), 0o700);
  await jail.close();
  expect(readFileSync(join(root, 'notes.txt'), 'utf8')).toBe('hello');
  expect(readdirSync(join(root, 'docs')).sort()).toEqual(['a.txt', 'deep']);
});

it('leaves no descriptor open', async () => {
  const jail = await opened();
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 20; round++) {
    await jail.read('docs/a.txt', MAX);
    await jail.read('docs/deep/missing', MAX);
    await jail.write('docs/deep/x', Buffer.from('x'));
    await jail.list('docs/deep');
  }
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 1);
  await jail.close();
});

it('never walks beyond the root, whatever the path is made of', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b', '...', '..a', '%2e%2e', '~');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const parsed = parsePath(parts.join('/'));
      if (typeof parsed === 'string') return;
      let depth = 0;
      for (const folder of parsed.folders) {
        depth += folder === '..' ? -1 : 1;
        expect(depth).toBeGreaterThanOrEqual(0);
        expect(folder).not.toMatch(/\/|^$|^\.$/);
      }
      expect(parsed.name ?? 'a').not.toMatch(/\/|^$|^\.\.?$/);
    }),
  );
});
