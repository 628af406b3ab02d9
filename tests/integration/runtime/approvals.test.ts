/** A node whose policy makes people decide: the run waits, the command of a person signs, the exact action passes once. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { approvalsOfAll, auditOfAll, ofWhoeverHas } from '../../../src/api/group-policy.ts';
import { ControlClient, startControlServer } from '../../../src/api/index.ts';
import { voteCommand } from '../../../src/cli/policy/approvals.ts';
import { realPorts } from '../../../src/host/index.ts';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { makeSignerKey } from '../../../src/skills/index.ts';
import { keyText } from '../../../src/transport/index.ts';
import { handlerOf } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-approvals-'));
const dataDir = join(folder, 'data');
const skill = join(folder, 'writer');
const keyFile = (name: string) => join(folder, `${name}.key`);
let node: SkeinNode | undefined;

beforeAll(async () => {
  mkdirSync(dataDir);
  mkdirSync(skill);
  const manifest = { name: 'writer', version: '1.0.0', description: 'A skill.' };
  const capabilities = { kv: true };
  const resources = { cpuMs: 10_000, wallMs: 60_000 };
  const body = { ...manifest, input: true, output: true, capabilities, resources };
  writeFileSync(join(skill, 'skill.json'), JSON.stringify(body));
  const handler = 'await ctx.kv.set(input.key, input.value); return await ctx.kv.get(input.key);';
  writeFileSync(join(skill, 'index.js'), handlerOf(handler));
  writeFileSync(
    join(dataDir, 'policy.cedar'),
    `permit (principal, action == Action::"kv.get", resource);
    @risk("medium") permit (principal, action == Action::"kv.set", resource);
    @risk("high") permit (principal, action == Action::"kv.set", resource == Key::"prod");`,
  );
  const people = ['ada', 'bob'].map(async (name) => {
    const key = await makeSignerKey(keyFile(name), realPorts.random);
    if (!key.ok) throw new Error(key.error.message);
    return `  - name: ${name}\n    publicKey: ${keyText(key.value.publicKey)}\n`;
  });
  writeFileSync(
    join(dataDir, 'approvers.yaml'),
    `approvers:\n${(await Promise.all(people)).join('')}`,
  );
});
afterEach(async () => {
  await node?.close();
  node = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start() {
  const log = { level: 'silent', format: 'json' } as const;
  const started = await startNode({ dataDir, threads: 1, log, skillFolders: [skill] });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
  const running = started.value;
  const run = (key: string, value: number) =>
    running.execute({ target: { kind: 'skill', skill: 'writer' }, input: { key, value } });
  const runs = async () => {
    const found = await running.query({ kind: 'runs' });
    return found.ok ? found.value.map(({ state }) => state) : [];
  };
  const waiting = (key: string) =>
    until('it waits', async () => {
      const listed = await running.approvals.list();
      return (
        listed.ok && listed.value.find(({ state, args }) => state === 'waiting' && args[0] === key)
      );
    });
  return { running, run, runs, waiting };
}

it('a run waits for a person, and the exact action passes once; a denial ends it; both are in the audit log', async () => {
  const { running, run, runs, waiting } = await start();
  const control = await startControlServer(running, dataDir);
  if (!control.ok) throw new Error(control.error.message);
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const decide = (verdict: 'approve' | 'deny', id: string, as: string, more: object = {}) =>
    voteCommand(verdict, id, { data: dataDir, json: false, key: keyFile(as), as, ...more });
  try {
    const held = run('a', 7);
    const { approval, request, args } = await waiting('a');
    expect({ args, id: request.resource.id }).toEqual({ args: ['a', 7], id: 'a' });
    await until('the run is shown as waiting', async () => (await runs())[0] === 'waiting');
    const warn = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await decide('approve', approval, 'ada', { key: keyFile('bob') })).not.toBe(0);
    expect(warn.mock.calls.join('')).toMatch(/the signature is not ada’s/);
    warn.mockRestore();
    expect(await decide('approve', approval, 'ada')).toBe(0);
    expect(print.mock.calls.join('')).toContain('kv.set on Key a');
    const outcome = await held;
    expect(outcome).toMatchObject({ ok: true, value: 7 });

    const again = run('a', 7);
    const second = await waiting('a');
    expect(second.approval).not.toBe(approval);
    expect(await decide('deny', second.approval, 'bob', { reason: 'once is enough' })).toBe(0);
    expect(await again).toMatchObject({
      error: { code: 'APPROVAL_DENIED', details: { by: 'bob', reason: 'once is enough' } },
    });
    expect(await run('prod', 1)).toMatchObject({
      error: { code: 'APPROVAL_REFUSED', details: { reason: expect.stringMatching(/released/) } },
    });
    const audit = await running.query({ kind: 'audit' });
    const types = audit.ok ? audit.value.map(({ type }) => type) : [];
    expect(types).toEqual(
      expect.arrayContaining([
        'approval.requested',
        'approval.approved',
        'approval.used',
        'approval.denied',
      ]),
    );
    const used =
      audit.ok &&
      audit.value.find(
        ({ body }) =>
          (body as { approval?: string }).approval === approval &&
          (body as { allowed?: boolean }).allowed,
      );
    expect(used).toMatchObject({ body: { risk: 'medium', correlationId: outcome.correlationId } });
  } finally {
    print.mockRestore();
    await control.value.close();
  }
});

it('an approval that was given before a restart counts after it', async () => {
  const first = await start();
  void first.run('b', 1);
  const { approval } = await first.waiting('b');
  await node?.close();
  const { run, running } = await start();
  const control = await startControlServer(running, dataDir);
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const said = { data: dataDir, json: false, key: keyFile('ada'), as: 'ada' };
  expect(await voteCommand('approve', approval, said)).toBe(0);
  print.mockRestore();
  if (control.ok) await control.value.close();
  expect(await run('b', 1)).toMatchObject({ ok: true, value: 1 });
});

it('on a group: audit logs in one order, approvals and decisions wherever they are, and no log with a hole', async () => {
  const { running, run } = await start();
  const otherDir = join(folder, 'other');
  mkdirSync(otherDir);
  const log = { level: 'silent', format: 'json' } as const;
  const other = await startNode({ dataDir: otherDir, threads: 1, log, skillFolders: [skill] });
  if (!other.ok) throw new Error(other.error.message);
  const input = { key: 'c', value: 1 };
  await other.value.execute({ target: { kind: 'skill', skill: 'writer' }, input });
  expect(await run('prod', 1)).toMatchObject({ ok: false });
  const controls = [
    await startControlServer(running, dataDir),
    await startControlServer(other.value, otherDir),
  ];
  try {
    const clients = [otherDir, dataDir].map((each) => new ControlClient(each));
    const audit = await until('both have written', async () => {
      const found = await auditOfAll(clients, { kind: 'audit', denied: true });
      if (!found.ok) throw new Error(found.error.message);
      const codes = new Set(found.value.map(({ body }) => (body as { code?: string }).code));
      return codes.has('APPROVAL_REFUSED') && codes.has('CAPABILITY_DENIED') && found.value;
    });
    const times = audit.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const approvals = await approvalsOfAll(clients);
    const own = await running.approvals.list();
    expect(approvals).toEqual(own);
    const id = own.ok ? (own.value[0]?.approval ?? '') : '';
    const shown = await ofWhoeverHas(clients, (client) => client.get(`/v1/approvals/${id}`));
    expect(shown).toMatchObject({ ok: true, value: { approval: id } });
    const nobody = [...clients, new ControlClient(join(folder, 'nobody'))];
    expect(await auditOfAll(nobody, { kind: 'audit' })).toMatchObject({
      error: { code: 'NODE_UNREACHABLE' },
    });
  } finally {
    for (const control of controls) if (control.ok) await control.value.close();
    await other.value.close();
  }
});
