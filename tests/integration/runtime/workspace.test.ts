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
const grants = { fs: 'write' } as const;
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

/** An actor that keeps a file beside its state, where it does not last. */
function actorFolder(name: string): string {
  const path = skillFolder(name, '');
  const messages = { note: { input: true, output: true } };
  const facts = { name, version: '1.0.0', description: name, input: false, output: false };
  writeFileSync(
    join(path, 'skill.json'),
    JSON.stringify({ ...facts, capabilities: { fs: 'write' }, actor: { messages, state: true } }),
  );
  writeFileSync(
    join(path, 'index.js'),
    `export const actor = {
      initial: () => ({ turns: 0 }),
      receive: {
        note: async (state, text, ctx) => {
          state.turns++;
          const before = (await ctx.fs.list('.')).length;
          await ctx.fs.write('kept', text);
          return [state.turns, before, await ctx.fs.read('kept')];
        },
      },
    };`,
  );
  return path;
}

beforeAll(async () => {
  mkdirSync(join(dataDir, 'workspaces/left'), { recursive: true });
  const started = await startNode({
    dataDir,
    threads: 2,
    actorGrants: grants,
    log: { level: 'silent', format: 'json' },
    skillFolders: [
      skillFolder(
        'put',
        "await ctx.fs.mkdir('out'); return await ctx.fs.write('out/a', input.text);",
      ),
      skillFolder('take', "return await ctx.fs.read('out/a');"),
      actorFolder('scribe'),
    ],
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
});
afterAll(async () => {
  await node?.close();
  rmSync(base, { recursive: true, force: true });
});

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

it('takes as much as a call may carry, and gives it back', async () => {
  const text = 'x'.repeat(1_000_000);
  const steps = [
    { id: 'put', skill: 'put', input: { text } },
    { id: 'take', skill: 'take', needs: ['put'] },
  ];
  const plan = { plan: 'large', grants, steps };
  const outcome = await node.execute({ target: { kind: 'plan', plan } });
  expect(outcome).toMatchObject({ ok: true });
  expect(JSON.stringify(outcome)).toContain(text);
});

it('of an actor lasts for one turn', async () => {
  const turn = (payload: string) =>
    node.actors.ask({ skill: 'scribe', key: 'k', type: 'note', payload });
  expect(await turn('one')).toEqual({ ok: true, value: [1, 0, 'one'] });
  expect(await turn('two')).toEqual({ ok: true, value: [2, 0, 'two'] });
  await until('the workspaces are gone', () => {
    return readdirSync(join(dataDir, 'workspaces')).length === 0;
  });
});
