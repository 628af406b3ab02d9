import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checker, newRunId, OutcomeSchema, type RunId } from '../../src/contracts/index.ts';
import { realRandom } from '../../src/host/index.ts';
import { type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { dataDir, skein } from '../support/skein-command.ts';

const data = dataDir();
afterAll(data.remove);
const run = (...args: readonly string[]) => skein(args, data.path);
const json = async (...args: readonly string[]) =>
  JSON.parse((await run(...args, '--json')).stdout);

/** A skill folder of our own: word_count under another name. */
function ownSkill(name: string, version = '1.0.0'): string {
  const folder = join(data.path, `${name}-${version}`);
  cpSync('examples/skills/word_count', folder, { recursive: true });
  const file = join(folder, 'skill.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), name, version }));
  return folder;
}

describe('skein skills add', () => {
  it('registers a skill for good: later commands run it by name and range', async () => {
    expect((await run('skills', 'add', ownSkill('count_mine'))).code).toBe(0);
    const listed = await json('skills', 'ls');
    expect(listed).toContainEqual(expect.objectContaining({ name: 'count_mine' }));
    const outcome = await json(
      'run',
      'count_mine@^1',
      '--input',
      '{"name":"a.txt","text":"a b a"}',
    );
    expect(outcome).toMatchObject({ ok: true });
  });

  it('refuses other content under the same version, with exit code 2', async () => {
    const folder = ownSkill('count_mine', '1.0.0');
    writeFileSync(join(folder, 'index.ts'), 'export default () => 0;');
    const { code, stderr } = await run('skills', 'add', folder);
    expect(code).toBe(2);
    expect(stderr).toContain('a new version');
  });
});

describe('ceilings', () => {
  it('tighten what a call is held to, and are enforced', async () => {
    const profile = join(data.path, 'profile.yaml');
    writeFileSync(profile, 'name: careful\nskills: [count_mine]\nresources: { inputBytes: 20 }\n');
    const contract = await json('skills', 'contract', 'count_mine', '--profile', profile);
    expect(contract.resources.inputBytes).toBe(20);
    const over = await json(
      'run',
      'count_mine',
      '--profile',
      profile,
      '--input',
      '{"text":"more than twenty bytes"}',
    );
    expect(over).toMatchObject({ ok: false });
    const { spans, ...failed } = over;
    expect(checker(OutcomeSchema)(failed)).toEqual({ ok: true, value: failed });
    expect(spans.length).toBeGreaterThan(1);
    const unlisted = await json('run', 'hello', '--profile', profile);
    expect(unlisted).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
  });

  it('that are malformed are refused with file, pointer and what was found', async () => {
    const profile = join(data.path, 'bad.yaml');
    writeFileSync(profile, 'name: x\nresources: { cpuMs: -1 }\n');
    const { code, stderr } = await run('run', 'hello', '--profile', profile);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml.*cpuMs.*-1/);
  });
});

describe('skein runs', () => {
  it('lists what ran, newest first, and shows what one run has spent of its budget', async () => {
    const { spans, ...outcome } = await json('run', 'examples/plans/hello.yaml');
    expect([outcome, checker(OutcomeSchema)(outcome).ok]).toEqual([outcome, true]);
    expect(spans.length).toBeGreaterThan(5);
    const runs = await json('runs');
    expect(runs[0]).toMatchObject({ plan: 'say hello', state: 'succeeded', code: null });
    expect(runs.map(({ startedAtMs }: { startedAtMs: number }) => startedAtMs)).toEqual(
      runs
        .map(({ startedAtMs }: { startedAtMs: number }) => startedAtMs)
        .toSorted()
        .toReversed(),
    );
    const shown = await run('runs', runs[0].runId);
    expect(shown.stdout).toMatch(/attempts +1/);
    const unknown = await run('runs', newRunId(realRandom));
    expect(unknown).toMatchObject({ code: 2 });
  });
});

describe('query', () => {
  let node: SkeinNode;
  beforeAll(async () => {
    const policy = { name: 'operator', skills: ['hello', 'note'] };
    const skillFolders = [noteSkill()];
    const started = await startNode({ dataDir: 'memory', threads: 1, policy, skillFolders });
    if (!started.ok) throw new Error(started.error.message);
    node = started.value;
  });
  afterAll(() => node?.close());

  function noteSkill(): string {
    const folder = ownSkill('note');
    const file = join(folder, 'skill.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    const open = { input: true, output: true, capabilities: { kv: true } };
    writeFileSync(file, JSON.stringify({ ...manifest, ...open }));
    const source =
      'export default async (input: { key: string }, ctx: any) => { await ctx.kv.set(input.key, input); return 1; };';
    writeFileSync(join(folder, 'index.ts'), source);
    return folder;
  }

  it('answers runs, budget, allowed skills, last outcome and memories', async () => {
    const steps = [{ id: 'one', skill: 'note', input: { key: 'k/1' } }];
    const plan = { plan: 'noting', steps, grants: { kv: true }, budget: { attempts: 3 } };
    const outcome = await node.execute({ target: { kind: 'plan', plan } });
    expect(outcome).toMatchObject({ ok: true });
    const { runId } = outcome;
    expect(await node.query({ kind: 'runs' })).toMatchObject({
      ok: true,
      value: [{ runId, plan: 'noting', state: 'succeeded' }],
    });
    expect(await node.query({ kind: 'budget', runId })).toMatchObject({
      ok: true,
      value: { budget: { attempts: 3 }, attempts: 1, left: { attempts: 2 } },
    });
    expect(await node.query({ kind: 'last-outcome' })).toEqual({ ok: true, value: outcome });
    expect(await node.query({ kind: 'last-outcome', plan: 'other' })).toEqual({
      ok: true,
      value: null,
    });
    expect(await node.query({ kind: 'memories', skill: 'note', prefix: 'k/' })).toEqual({
      ok: true,
      value: [{ key: 'k/1', value: { key: 'k/1' } }],
    });
    const profile = { name: 'mine', skills: ['hello', 'http_call'] };
    expect(await node.query({ kind: 'skills', profile })).toMatchObject({
      ok: true,
      value: [expect.stringMatching(/^hello@/)],
    });
  });

  it('refuses what it cannot answer', async () => {
    const bad = [
      { kind: 'rums' },
      { kind: 'runs', limit: 0 },
      { kind: 'memories', skill: 'note', limit: 0 },
      { kind: 'budget', runId: 'none' as RunId },
    ];
    for (const query of bad) expect(await node.query(query as never)).toMatchObject({ ok: false });
  });
});

it('skein plan makes a plan from words that skein run takes', async () => {
  const planned = await run('plan', 'hello');
  expect(planned.code).toBe(0);
  const file = join(data.path, 'planned.yaml');
  writeFileSync(file, planned.stdout);
  expect(await json('run', file, '--input', '{"name":"Ada"}')).toMatchObject({ ok: true });
});
