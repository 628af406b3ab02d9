/** Folders that a skill nests deeper than a path may be long: the workspace goes all the same, and the node starts again. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LIMITS, type TenantId } from '../../src/contracts/index.ts';
import { realPorts } from '../../src/host/index.ts';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';
import { Workspaces } from '../../src/sandbox/files/workspaces.ts';
import { valueIn } from '../conformance/journal-suite.ts';

const base = mkdtempSync(join(tmpdir(), 'skein-deep-'));
afterAll(() => removeTree(base));

const owner = { tenant: 'mallory' as TenantId, run: 'r' };
const open = (folder: string) =>
  new Workspaces({ folder, quota: { bytes: 1e6, files: 900 }, ports: realPorts });
const nested = (levels: number, letter: string) =>
  Array.from({ length: levels }, () => letter.repeat(240)).join('/');

/** Some 14,000 characters below the workspace, with files at every end. */
async function dig(workspaces: Workspaces): Promise<void> {
  const serve = async (request: Parameters<Workspaces['serve']>[1]) =>
    valueIn(await workspaces.serve(owner, request));
  for (let at = 0; at < 4; at++) {
    const path = `n${at}/${nested(14, 'x')}`;
    await serve({ op: 'mkdir', path });
    await serve({ op: 'write', path: `${path}/file`, data: 'x', encoding: 'utf8' });
    if (at > 0) await serve({ op: 'rename', path: `n${at - 1}`, to: `${path}/in` });
  }
}

it('the workspace of a run goes with the run', async () => {
  const folder = join(base, 'one');
  const workspaces = open(folder);
  await dig(workspaces);
  await workspaces.end(owner);
  await workspaces.serve(owner, { op: 'stat', path: '.' });
  await workspaces.close();
  expect(existsSync(folder)).toBe(false);
});

it('what a node that died has left goes when it starts again', async () => {
  const folder = join(base, 'two');
  const died = open(folder);
  await dig(died);
  expect(await open(folder).prepare()).toMatchObject({ ok: true });
  expect(existsSync(folder)).toBe(false);
  await died.close();
});

it('a removal follows no link, and goes on where another broke off', async () => {
  const [folder, outside] = [join(base, 'four'), join(base, 'outside')];
  mkdirSync(outside);
  writeFileSync(join(outside, 'canary'), 'CANARY');
  mkdirSync(join(folder, '.skein-1/left'), { recursive: true });
  mkdirSync(join(folder, '.skein-2'), { recursive: true });
  mkdirSync(join(folder, 'a/b/c/d'), { recursive: true });
  symlinkSync(outside, join(folder, 'link'));
  symlinkSync(outside, join(folder, 'a/link'));
  symlinkSync(outside, join(folder, 'a/b/c/link'));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('CANARY');
  await removeTree(folder);
});

it('one tenant does not take the workspaces of all', async () => {
  const workspaces = open(join(base, 'five'));
  const ask = async (tenant: string, at: number) =>
    workspaces.serve({ tenant: tenant as TenantId, run: `r${at}` }, { op: 'list', path: '.' });
  let taken = 0;
  while (taken <= LIMITS.workspaces && (await ask('mallory', taken)).ok) taken++;
  expect(taken).toBe(LIMITS.workspaces / 2);
  expect(await ask('alice', 0)).toMatchObject({ ok: true });
  await workspaces.end({ tenant: 'mallory' as TenantId, run: 'r0' });
  expect(await ask('mallory', taken)).toMatchObject({ ok: true });
  await workspaces.close();
});
