/** A node under an operator's policy: what is decided, by whom, and how a change of the file takes effect. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CapabilityGrants, Json } from '../../../src/contracts/index.ts';
import { type NodeOptions, type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { handlerOf } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-policy-'));
const gates: (() => void)[] = [];
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  if (request.url === '/wait') gates.push(() => response.end('waited'));
  else response.end('hello');
});
const origin = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
const url = (path = '/') => `http://${origin()}${path}`;
let node: SkeinNode | undefined;
let count = 0;

const SKILLS = {
  fetcher: 'return (await ctx.http.request({ url: input.url })).body;',
  keeper: "await ctx.kv.set('k', input); return await ctx.kv.get('k');",
  twice: `const first = (await ctx.http.request({ url: input.first })).body;
    try { await ctx.kv.set('k', 1); return first + ' and kept'; } catch (error) { return first + ' and ' + error.code; }`,
  quiet: "ctx.log.error('a line'); return 'said';",
  idle: 'return 1;',
  storm: `let denied = 0;
    for (let at = 0; at < 50; at++) try { await ctx.kv.set('k', 1); } catch { denied++; }
    return denied;`,
} as const;

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  for (const [name, body] of Object.entries(SKILLS)) {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'index.js'), handlerOf(body));
    const capabilities = { http: { hosts: ['*'] }, kv: true };
    const resources = { cpuMs: 10_000, wallMs: 60_000 };
    const manifest = { name, version: '1.0.0', description: 'A skill.', input: true, output: true };
    writeFileSync(
      join(path, 'skill.json'),
      JSON.stringify({ ...manifest, resources, capabilities }),
    );
  }
});
afterEach(async () => {
  await node?.close();
  node = undefined;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A node on a new data directory with `policy` as its file; no file without one. */
async function nodeWith(policy: string | undefined, more: Partial<NodeOptions> = {}) {
  const { dataDir = join(folder, `data-${++count}`) } = more;
  const file = join(dataDir, 'policy.cedar');
  mkdirSync(dataDir, { recursive: true });
  if (policy !== undefined) writeFileSync(file, policy);
  const started = await startNode({
    threads: 1,
    dataDir,
    log: { level: 'silent', format: 'json' },
    skillFolders: Object.keys(SKILLS).map((name) => join(folder, name)),
    ...more,
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
  const running = started.value;
  const run = (skill: keyof typeof SKILLS, input: Json, grants?: CapabilityGrants) =>
    running.execute({ target: { kind: 'skill', skill }, input, ...(grants ? { grants } : {}) });
  return { node: running, run, file, dataDir };
}
const LOCAL = () => ({ http: { hosts: [origin()], methods: ['GET'], privateAddresses: true } });
const codeOf = (outcome: Awaited<ReturnType<SkeinNode['execute']>>) =>
  outcome.ok ? outcome.value : outcome.error.code;

describe('without a policy file', () => {
  it('what is granted is permitted, and nothing else', async () => {
    const { node: running, run } = await nodeWith(undefined);
    expect(codeOf(await run('keeper', 7, { kv: true, log: true }))).toBe(7);
    expect(codeOf(await run('keeper', 7))).toBe('CAPABILITY_DENIED');
    expect(codeOf(await run('fetcher', { url: url() }, LOCAL()))).toBe('hello');
    expect((await running.status()).policy).toMatchObject({ decidedBy: 'grants', hash: null });
  });
});

describe('with a policy file', () => {
  it('that is empty, everything is denied: grants alone permit nothing', async () => {
    const { run } = await nodeWith('// nothing yet\n');
    const before = requests;
    expect(codeOf(await run('fetcher', { url: url() }, LOCAL()))).toBe('POLICY_DENIED');
    expect(codeOf(await run('keeper', 7, { kv: true }))).toBe('POLICY_DENIED');
    expect(codeOf(await run('idle', null))).toBe(1);
    expect(requests).toBe(before);
  });

  it('the file decides about what the manifest asks for, when the run brings no grants', async () => {
    const { run } = await nodeWith(
      'permit (principal == Skill::"keeper", action in Action::"kv", resource);',
    );
    expect(codeOf(await run('keeper', 7))).toBe(7);
    expect(codeOf(await run('twice', { first: 'https://a.test/' }))).toBe('POLICY_DENIED');
  });

  it('the file decides within the grants, when the run brings some', async () => {
    const { run } =
      await nodeWith(`permit (principal, action == Action::"http.request", resource == Host::"${origin()}");
      permit (principal, action in Action::"kv", resource);`);
    expect(codeOf(await run('fetcher', { url: url() }, LOCAL()))).toBe('hello');
    expect(codeOf(await run('keeper', 7, LOCAL()))).toBe('CAPABILITY_DENIED');
  });

  it('a forbid takes away running and logging', async () => {
    const { run } =
      await nodeWith(`forbid (principal == Skill::"idle", action == Action::"run", resource);
      forbid (principal == Skill::"quiet", action == Action::"log", resource);`);
    expect(codeOf(await run('idle', null))).toBe('POLICY_DENIED');
    expect(codeOf(await run('quiet', null))).toBe('CAPABILITY_DENIED');
  });

  it('that is broken at the start denies everything and says where', async () => {
    const {
      node: running,
      run,
      file,
    } = await nodeWith('permit (principal, action, resource)\n when { nonsense };');
    expect(codeOf(await run('idle', null))).toBe('POLICY_DENIED');
    const { policy } = await running.status();
    expect(policy.decidedBy).toBe('denied');
    expect(policy.problem).toContain(`${file}:2:9: `);
  });

  it('that is named and is not there denies everything', async () => {
    const { run } = await nodeWith(undefined, { policyFile: join(folder, 'nowhere.cedar') });
    expect(codeOf(await run('idle', null))).toBe('POLICY_DENIED');
  });

  it('a change is in force for the next call, of a run that is under way too', async () => {
    const all = 'permit (principal, action, resource);';
    const { node: running, run, file } = await nodeWith(all);
    const under = run('twice', { first: url('/wait') }, { ...LOCAL(), kv: true });
    await until('the request has arrived', () => gates.length > 0);
    writeFileSync(
      file,
      `${all}\n@id("freeze") forbid (principal, action in Action::"kv", resource);`,
    );
    await until('the file was read', async () => (await running.status()).policy.policies === 2);
    gates.splice(0).map((open) => open());
    expect(codeOf(await under)).toBe('waited and POLICY_DENIED');
    expect(codeOf(await run('keeper', 7))).toBe('POLICY_DENIED');
  });

  it('a broken edit is refused with its place, and the policy from before stays in force', async () => {
    const {
      node: running,
      run,
      file,
    } = await nodeWith('permit (principal, action in Action::"kv", resource);');
    writeFileSync(file, 'permit (principal, action in Action::"kv", resource);\nforbid (');
    await until('the edit was seen', async () => (await running.status()).policy.problem !== null);
    expect((await running.status()).policy).toMatchObject({ decidedBy: 'file', policies: 1 });
    expect((await running.status()).policy.problem).toContain(`${file}:2:`);
    expect(codeOf(await run('keeper', 7))).toBe(7);
    writeFileSync(file, '');
    await until('it was mended', async () => (await running.status()).policy.problem === null);
    expect(codeOf(await run('keeper', 7))).toBe('POLICY_DENIED');
  });

  it('that comes while the node runs is in force from then on', async () => {
    const { node: running, run, file } = await nodeWith(undefined);
    expect(codeOf(await run('keeper', 7, { kv: true }))).toBe(7);
    writeFileSync(file, '');
    await until('it was read', async () => (await running.status()).policy.decidedBy === 'file');
    expect(codeOf(await run('keeper', 7, { kv: true }))).toBe('POLICY_DENIED');
  });
});

const hashOf = (entry: { readonly body: Json } | undefined) =>
  ((entry?.body ?? {}) as { readonly hash?: string }).hash;
const auditOf = async (running: SkeinNode, filter: object = {}) => {
  const found = await running.query({ kind: 'audit', ...filter });
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
};

describe('the audit log', () => {
  it('keeps denials and effects with decision, tier, policy and correlation ID, across a restart; equal ones are counted', async () => {
    const text = `@id("keep") permit (principal == Skill::"keeper", action in Action::"kv", resource);`;
    const { node: running, run, dataDir, file } = await nodeWith(text);
    const kept = await run('keeper', 7);
    expect(codeOf(kept)).toBe(7);
    const stormy = await run('storm', null);
    expect(codeOf(stormy)).toBe(50);
    await until('the flood is written', async () => {
      const storm = await auditOf(running, { skill: 'storm', denied: true });
      return storm.reduce((sum, { body }) => sum + (body as { count: number }).count, 0) === 50;
    });
    const [loaded, effect] = await auditOf(running);
    expect(loaded).toMatchObject({ type: 'policy.loaded', body: { file, policies: 1 } });
    expect(effect).toMatchObject({
      type: 'policy.permitted',
      body: {
        ...{ allowed: true, risk: 'low', determining: ['keep'] },
        correlationId: kept.correlationId,
        policyHash: hashOf(loaded),
        request: { action: 'kv.set', resource: { type: 'Key', id: 'k' } },
      },
    });
    const denials = await auditOf(running, { skill: 'storm', denied: true });
    expect(denials.length).toBeLessThan(10);
    expect(denials[0]).toMatchObject({ type: 'policy.denied', body: { code: 'POLICY_DENIED' } });
    expect((await running.status()).policy.denials).toBe(50);
    await running.close();

    const again = await nodeWith(undefined, { dataDir });
    const after = await auditOf(again.node, { skill: 'storm' });
    expect(after.map(({ hash }) => hash)).toEqual(denials.map(({ hash }) => hash));
    expect(await auditOf(again.node, { sinceMs: Number.MAX_SAFE_INTEGER })).toEqual([]);
    const summed = await again.node.query({ kind: 'audit-summary' });
    expect(summed).toMatchObject({
      value: {
        skills: [
          {
            skill: 'storm',
            tenant: 'default',
            permitted: 0,
            denied: 50,
            codes: { POLICY_DENIED: 50 },
          },
          { skill: 'keeper', permitted: 1, denied: 0, actions: { 'kv.set': 1 } },
        ],
        policiesRefused: 0,
      },
    });
    const { decision = '' } = (denials.at(-1)?.body ?? {}) as { decision?: string };
    const explained = await again.node.query({ kind: 'explain', decision });
    expect(explained).toMatchObject({
      ok: true,
      value: { recorded: { sequence: denials.at(-1)?.sequence }, decision: { id: decision } },
    });
    expect(await again.node.query({ kind: 'explain', decision: 'none' })).toMatchObject({
      error: { code: 'DECISION_NOT_FOUND' },
    });
  });
});

describe('explain', () => {
  const explained = async (running: SkeinNode, skill: string, call: string, args: Json[]) => {
    const found = await running.query({ kind: 'explain', skill, call, args });
    if (!found.ok) throw new Error(found.error.message);
    const { decision, permits, forbids, needed } = found.value;
    const idsOf = (lines: readonly { readonly id: string }[]) => lines.map(({ id }) => id);
    const { allowed } = decision;
    return { allowed, permits: idsOf(permits), forbids: idsOf(forbids), needed };
  };

  it('names what permits, what forbids and what is missing, and a permit that it suggests is taken', async () => {
    const text = `@id("web") permit (principal, action == Action::"http.request", resource);
      @id("no-b") forbid (principal, action, resource == Host::"b.test");
      @id("write") @risk("medium") permit (principal, action == Action::"kv.set", resource);`;
    const { node: running, file } = await nodeWith(text);
    const get = (host: string) => [{ url: `https://${host}/` }];
    expect(await explained(running, 'fetcher', 'http.request', get('a.test'))).toEqual({
      ...{ allowed: true, permits: ['web'], forbids: [], needed: [] },
    });
    expect(await explained(running, 'fetcher', 'http.request', get('b.test'))).toEqual({
      ...{ allowed: false, permits: ['web'], forbids: ['no-b'], needed: ['no-b forbids it'] },
    });
    expect((await explained(running, 'keeper', 'kv.set', ['k', 1])).needed).toEqual([
      'it is of medium risk: the approval of one person',
    ]);
    const bare = await explained(running, 'keeper', 'kv.get', ['k']);
    expect(bare).toMatchObject({ allowed: false, permits: [], forbids: [] });
    const [permit = ''] = bare.needed;
    writeFileSync(file, `${text}\n@id("added") ${permit}`);
    await until('the file was read', async () => (await running.status()).policy.policies === 4);
    expect(await explained(running, 'keeper', 'kv.get', ['k'])).toMatchObject({
      ...{ allowed: true, permits: ['added'], needed: [] },
    });
    expect((await explained(running, 'keeper', 'fs.read', ['a'])).needed).toContainEqual(
      expect.stringContaining('it was not granted'),
    );
    expect(
      await running.query({ kind: 'explain', skill: 'keeper', call: 'no.call', args: [] }),
    ).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } });
  });
});
