/** Workspaces over a real file system: who shares one, what bounds it, when it goes. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LIMITS, type TenantId } from '../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../src/host/index.ts';
import type { FileRequest } from '../../../src/sandbox/files/file-request.ts';
import { Workspaces } from '../../../src/sandbox/files/workspaces.ts';

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skein-workspaces-'));
  folder = join(base, 'workspaces');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const owner = (run: string, tenant = 'acme') => ({ run, tenant: tenant as TenantId });
const write = (path: string, data: string): FileRequest => ({
  op: 'write',
  path,
  data,
  encoding: 'utf8',
});
const read = (path: string): FileRequest => ({ op: 'read', path, encoding: 'utf8' });
const make = (quota: { bytes?: number; files?: number } = {}) => {
  const time = simulatedTime();
  const ports = { clock: time.clock, random: seededRandom('workspaces') };
  return {
    time,
    workspaces: new Workspaces({ folder, quota: { bytes: 100, files: 5, ...quota }, ports }),
  };
};

it('gives the calls of one run the same files, and those of another run or tenant none of them', async () => {
  const { workspaces } = make();
  expect(await workspaces.serve(owner('r1'), write('a', 'x'))).toEqual({ ok: true, value: null });
  expect(await workspaces.serve(owner('r1'), read('a'))).toEqual({ ok: true, value: 'x' });
  for (const other of [owner('r2'), owner('r1', 'eve')]) {
    expect(await workspaces.serve(other, read('a'))).toMatchObject({
      error: { code: 'FILE_NOT_FOUND' },
    });
  }
  await workspaces.close();
});

it('makes nothing before the first call, lets its owner alone in, and names folders itself', async () => {
  const { workspaces } = make();
  expect(existsSync(folder)).toBe(false);
  await workspaces.serve(owner('../../etc', '../x'), write('a', 'x'));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const [own = ''] = readdirSync(folder);
  expect(own).toMatch(/^[0-9a-f]{32}$/);
  expect(statSync(join(folder, own)).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, own, 'a')).mode & 0o777).toBe(0o600);
  await workspaces.close();
  expect(readdirSync(base)).toEqual([]);
});

it('bounds bytes and files, and gives back what is removed or replaced', async () => {
  const { workspaces } = make();
  const serve = (request: FileRequest) => workspaces.serve(owner('r1'), request);
  const full = { ok: false, error: { code: 'WORKSPACE_FULL' } };
  expect(await serve(write('a', 'x'.repeat(90)))).toMatchObject({ ok: true });
  expect(await serve(write('b', 'x'.repeat(11)))).toMatchObject(full);
  expect(await serve(write('a', 'x'.repeat(80)))).toMatchObject({ ok: true });
  expect(await serve(write('b', 'x'.repeat(11)))).toMatchObject({ ok: true });
  expect(await serve({ op: 'remove', path: 'a' })).toMatchObject({ ok: true });
  expect(await serve(write('b', 'x'.repeat(100)))).toMatchObject({ ok: true });
  expect(await serve({ op: 'rename', path: 'b', to: 'a' })).toMatchObject({ ok: true });
  expect(await serve(write('b', ''))).toMatchObject({ ok: true });
  expect(await serve({ op: 'rename', path: 'a', to: 'b' })).toMatchObject({ ok: true });
  expect(await serve({ op: 'mkdir', path: 'c/d/e/f' })).toMatchObject({ ok: true });
  expect(await serve({ op: 'mkdir', path: 'g' })).toMatchObject(full);
  expect(await serve(write('h', ''))).toMatchObject(full);
  await workspaces.close();
});

it('reads no file beyond its bound, and says so of text that is none', async () => {
  const { workspaces } = make({ bytes: 64 * 1024 * 1024 });
  const serve = (request: FileRequest) => workspaces.serve(owner('r1'), request);
  await serve({ op: 'write', path: 'raw', data: '/////w==', encoding: 'base64' });
  expect(await serve(read('raw'))).toMatchObject({ error: { code: 'HOST_CALL_INVALID' } });
  expect(await serve({ op: 'read', path: 'raw', encoding: 'base64' })).toMatchObject({
    value: '/////w==',
  });
  const [own = ''] = readdirSync(folder);
  writeFileSync(join(folder, own, 'large'), Buffer.alloc(LIMITS.fileBytes + 1));
  expect(await serve(read('large'))).toMatchObject({ error: { code: 'FILE_TOO_LARGE' } });
  await workspaces.close();
});

it('removes the workspace of a run that ended, of one that idles, and what an earlier life left', async () => {
  mkdirSync(join(folder, 'left/over'), { recursive: true });
  const { workspaces, time } = make();
  expect(await workspaces.prepare()).toMatchObject({ ok: true });
  expect(existsSync(folder)).toBe(false);
  await workspaces.serve(owner('r1'), write('a', 'x'));
  await workspaces.serve(owner('r2'), write('a', 'x'));
  await workspaces.end(owner('r1'));
  expect([workspaces.count, readdirSync(folder).length]).toEqual([1, 1]);
  await time.advance(LIMITS.workspaceIdleMs + 1);
  await workspaces.endIdle();
  expect([workspaces.count, readdirSync(folder).length]).toEqual([0, 0]);
  await workspaces.close();
});
