import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
afterAll(data.remove);
const run = (args: readonly string[], input?: string) => skein(args, data.path, input);

describe('skein demo --once', () => {
  it('gets through a feed that hangs and then fails, verifies, and prints one JSON document', async () => {
    const { code, stdout } = await run(['demo', '--once', '--json']);
    expect(code).toBe(0);
    const outcome = JSON.parse(stdout);
    expect(outcome).toMatchObject({
      ok: true,
      feedRequests: 3,
      value: { symbol: 'BTC', latestUsd: 67642.32 },
    });
    expect(outcome.correlationId).toMatch(/^[0-9a-f]{32}$/);
    expect(
      outcome.spans.every((span: { traceId: string }) => span.traceId === outcome.correlationId),
    ).toBe(true);
  });
});

describe('skein run', () => {
  it('gives a trace without orphans that shows mailbox wait and thread hop', async () => {
    const ran = await run(['run', 'examples/plans/hello.yaml', '--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, value: 'Hello, world!' });
    const traced = await run(['trace', '-', '--json'], ran.stdout);
    const trace = JSON.parse(traced.stdout);
    expect(trace.orphans).toBe(0);
    const names = trace.tree.map((span: { name: string }) => span.name);
    for (const name of ['run', 'step hello', 'mailbox wait', 'sandbox call hello'])
      expect(names).toContain(name);
    expect(names.some((name: string) => name.startsWith('thread hop'))).toBe(true);
    const drawn = await run(['trace', '-'], ran.stdout);
    expect(drawn.stdout).toContain('0 orphans');
  });

  it('fans out over files, verifies, and writes one report', async () => {
    const report = join(data.path, 'report.md');
    const { code } = await run([
      'run',
      'examples/plans/report.yaml',
      'package.json',
      'biome.json',
      '--out',
      report,
    ]);
    expect(code).toBe(0);
    expect(readFileSync(report, 'utf8')).toMatch(/\| package\.json \|[\s\S]*\| biome\.json \|/);
  });

  it('runs a skill folder, and ends with 1 when the skill fails', async () => {
    const { code, stdout } = await run(['run', 'examples/skills/endless', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'SKILL_CPU_EXCEEDED' } });
  });

  it('names file, line and pointer of what is wrong in a plan, and ends with 2', async () => {
    const plan = join(data.path, 'bad.yaml');
    writeFileSync(
      plan,
      'plan: bad\nsteps:\n  - id: one\n    skill: hello\n    needs: [tow]\n  - id: two\n    skill: hello\n',
    );
    const { code, stderr } = await run(['run', plan]);
    expect(code).toBe(2);
    expect(stderr).toContain('bad.yaml, line 5, /steps/0/needs/0: found step tow');
    expect(stderr).toContain('did you mean two?');
  });

  it('does not do here, without a cluster, what a plan wants done in a place', async () => {
    const plan = join(data.path, 'placed.yaml');
    writeFileSync(
      plan,
      'plan: placed\nsteps:\n  - { id: one, skill: hello, input: { name: x }, place: { labels: { zone: eu } } }\n',
    );
    const { code, stderr } = await run(['run', plan]);
    expect(code).toBe(1);
    expect(stderr).toContain('step one has a place, and this node is in no cluster');
  });

  it('refuses input that does not fit the schema, before the skill runs', async () => {
    const { code, stdout } = await run(['run', 'hello', '--input', '{"nmae":"x"}', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INPUT_INVALID' } });
  });

  it('names the field of a bad manifest', async () => {
    const folder = join(data.path, 'bad-skill');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'skill.json'),
      '{\n "name": "bad",\n "version": "one",\n "description": "x",\n "input": true,\n "output": true\n}',
    );
    const { code, stderr } = await run(['run', folder]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/MANIFEST_INVALID: .*skill\.json, line 3, \/version: found "one"/);
  });
});

describe('usage errors', () => {
  it.each([
    [['rnu', 'x'], 2, /Did you mean run\?/],
    [['run'], 2, /missing required argument/],
    [['run', 'no-such.yaml'], 2, /FILE_UNREADABLE/],
    [['run', 'helo'], 2, /did you mean hello\?/],
    [['run', 'hello', '--input', '{'], 2, /ARGUMENT_INVALID/],
    [['up', '--threads', '99'], 2, /whole number from 1 to 16/],
    [['trace', 'xyz'], 2, /32 hex characters/],
    [['status'], 3, /NODE_UNREACHABLE/],
  ])('%j ends with %i and says why', async (args, expected, message) => {
    const { code, stderr, stdout } = await run(args as string[]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message as RegExp);
    expect(stdout).toBe('');
  });
});

describe('a reader that leaves first', () => {
  it('ends no command', async () => {
    const doctor = startSkein(['doctor', '--nats', 'nats://127.0.0.1:1'], data.path);
    const over = finished(doctor);
    doctor.stdout?.once('data', () => doctor.stdout?.destroy());
    expect(await over).toMatchObject({ code: 3, stderr: '' });
  });
});

describe('skein up', () => {
  it('serves status, runs and traces of other commands, and leaves nothing behind after Ctrl-C', async () => {
    const node = startSkein(['up', '--json', '--log', 'silent'], data.path);
    const end = finished(node);
    const status = await until('the node answers', async () => {
      const { code, stdout } = await run(['status', '--json']);
      return code === 0 && JSON.parse(stdout);
    });
    expect(status).toMatchObject({
      durability: 'fsynced',
      threads: [{ name: 't1' }, { name: 't2' }],
    });
    const second = await run(['up', '--json']);
    expect(second.code).toBe(2);
    expect(JSON.parse(second.stdout)).toMatchObject({
      error: { code: 'NODE_RUNNING', details: { pid: node.pid } },
    });
    const ran = await run(['run', 'hello', '--input', '{"name":"you"}', '--json']);
    const { correlationId } = JSON.parse(ran.stdout);
    const traced = await run(['trace', correlationId, '--json']);
    expect(JSON.parse(traced.stdout)).toMatchObject({ orphans: 0 });
    node.kill('SIGINT');
    expect((await end).code).toBe(0);
    expect((await run(['status'])).code).toBe(3);
  });
});
