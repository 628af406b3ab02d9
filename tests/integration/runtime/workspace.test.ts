/** The workspace of a run on a real node: its steps share it across threads, and nothing of it stays. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { handlerOf } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const base = mkdtempSync(join(tmpdir(), 'skein-workspace-'));
const dataDir = join(base, 'data');
let node: SkeinNode;

function skillFolder(name: string, body: string): string {
  const path = join(base, name);
  const facts = { name, version: '1.0.0', description: name, input: true, output: true };
  const resources = { cpuMs: 10_000, wallMs: 60_000 };
  mkdirSync(path);
  writeFileSync(join(path, 'index.js'), handlerOf(body));
  writeFileSync(
    join(path, 'skill.json'),
    JSON.stringify({ ...facts, resources, capabilities: { fs: 'write' } }),
  );
  return path;
}

beforeAll(async () => {
  mkdirSync(join(dataDir, 'workspaces/left'), { recursive: true });
  const started = await startNode({
    dataDir,
    threads: 2,
    log: { level: 'silent', format: 'json' },
    skillFolders: [
      skillFolder(
        'put',
        "await ctx.fs.mkdir('out'); return await ctx.fs.write('out/a', input.text);",
      ),
      skillFolder('take', "return await ctx.fs.read('out/a');"),
    ],
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
});
afterAll(async () => {
  await node?.close();
  rmSync(base, { recursive: true, force: true });
});

const grants = { fs: 'write' } as const;

it('was emptied of what an earlier life left', () => {
  expect(existsSync(join(dataDir, 'workspaces'))).toBe(false);
});

it('is shared by the steps of a run and gone when it has ended', async () => {
  const plan = {
    plan: 'share',
    grants,
    steps: [
      { id: 'put', skill: 'put', input: { text: 'from step one' } },
      { id: 'take', skill: 'take', needs: ['put'] },
    ],
  };
  const outcome = await node.execute({ target: { kind: 'plan', plan } });
  expect(outcome).toMatchObject({ ok: true });
  expect(JSON.stringify(outcome)).toContain('from step one');
  await until('the workspace is gone', () => readdirSync(join(dataDir, 'workspaces')).length === 0);
});

it('is not seen by the next run', async () => {
  const target = { kind: 'skill', skill: 'take' } as const;
  expect(await node.execute({ target, grants })).toMatchObject({
    ok: false,
    error: { code: 'FILE_NOT_FOUND', details: { path: 'out/a' } },
  });
});

it('is only read by whom no more was granted', async () => {
  const target = { kind: 'skill', skill: 'put' } as const;
  const given = { target, input: { text: 'x' }, grants: { fs: 'read' } as const };
  expect(await node.execute(given)).toMatchObject({
    ok: false,
    error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs' } },
  });
});
