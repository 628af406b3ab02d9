import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient } from '../../src/api/index.ts';
import { checker } from '../../src/contracts/index.ts';
import {
  type GroupStatus,
  type NodeStatus,
  OperatorReportSchema,
} from '../../src/runtime/index.ts';
import type { SpanRecord } from '../../src/telemetry/index.ts';
import { processesWith } from '../support/processes.ts';
import { startLoad } from '../support/run-load.ts';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
const client = new ControlClient(data.path);
let up: ReturnType<typeof startSkein>;
let ended: ReturnType<typeof finished>;
let said = '';

const status = async (): Promise<GroupStatus> => {
  const answer = await client.get<GroupStatus>('/v1/status');
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
};
const states = async () => (await status()).nodes.map(({ state }) => state).join(' ');
const pids = async () => (await status()).nodes.map(({ pid }) => pid);

/** What a node has heard of another: whether it takes work. */
const seenBy = async (name: string, other: string) => {
  const id = (await status()).nodes.find((node) => node.name === other)?.node;
  const node = new ControlClient(join(data.path, 'nodes', name));
  const answer = await node.get<NodeStatus>('/v1/status');
  const members = answer.ok ? (answer.value.cluster?.members ?? []) : [];
  return members.find((member) => member.node === id)?.facts.state;
};
const oneRun = () => startLoad(data.path, 1).stop();

/** The newest report of a command, checked. */
function reportOf(command: string) {
  const folder = join(data.path, 'reports');
  const file = readdirSync(folder)
    .filter((name) => name.startsWith(command) && name.endsWith('.json'))
    .sort()
    .at(-1);
  const report: unknown = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8'));
  const checked = checker(OperatorReportSchema)(report);
  if (!checked.ok) throw new Error(JSON.stringify(checked.mismatch));
  expect(existsSync(join(folder, (file ?? '').replace('.json', '.md')))).toBe(true);
  return checked.value;
}

beforeAll(async () => {
  up = startSkein(['up', '--nodes', '3', '--threads', '1'], data.path);
  ended = finished(up);
  up.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const isReady = () => said.includes('Ctrl-C ends them all');
  await until('the group is ready', () => isReady() || isOver, 150_000);
  if (!isReady()) throw new Error((await ended).stdout + (await ended).stderr);
}, 180_000);
afterAll(() => {
  up.kill('SIGKILL');
  data.remove();
});

describe('a group of three node processes', () => {
  it('tells of its start while it lasts, sums it up, and reports it', async () => {
    expect(said).toMatch(/n2 phase +threads t1/);
    expect(said).toMatch(/cluster default: 3 nodes are ready after/);
    expect(reportOf('up')).toMatchObject({ command: 'up', outcome: 'done' });
    const { stdout } = await skein(['status'], data.path);
    expect(stdout).toMatch(/3 of 3 nodes ready/);
    for (const { name, node, pid } of (await status()).nodes)
      expect(stdout).toMatch(new RegExp(`${name} +${node} +${pid} +ready`));
  });

  it('is watched a line at a time, until Ctrl-C', async () => {
    const watch = startSkein(['status', '--watch', '--json'], data.path);
    const over = finished(watch);
    let lines = '';
    watch.stdout?.on('data', (chunk) => {
      lines += chunk;
    });
    await until('two lines', () => lines.split('\n').length > 2);
    watch.kill('SIGINT');
    expect((await over).code).toBe(0);
    for (const line of lines.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ cluster: 'default', nodes: [{}, {}, {}] });
  });

  it('runs what it is given on any node, and finds the run and its trace again', async () => {
    const run = await skein(['run', 'hello', '--json', '--input', '{"name":"you"}'], data.path);
    const { runId, correlationId } = JSON.parse(run.stdout);
    expect((await skein(['runs'], data.path)).stdout).toContain(runId);
    const trace = await skein(['trace', correlationId, '--json'], data.path);
    expect(trace.code).toBe(0);
    const { tree: spans }: { tree: readonly SpanRecord[] } = JSON.parse(trace.stdout);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(spans.map(({ thread }) => thread)).toContainEqual(
      expect.stringMatching(/^n-[^/]+\/main$/),
    );
  });

  it('is told by doctor and validate apart from its nodes', async () => {
    const n2 = `--data ${join(data.path, 'nodes/n2')}`;
    const doctor = await skein(['doctor'], data.path);
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringContaining(`${n2} doctor`) });
    const { groupNodes } = JSON.parse((await skein(['validate', '--json'], data.path)).stdout);
    expect(groupNodes).toEqual(['n1', 'n2', 'n3']);
  });

  it('starts again a node that is killed with -9', async () => {
    const before = await status();
    process.kill(before.nodes[1]?.pid as number, 'SIGKILL');
    await until('it is back', async () => (await status()).nodes[1]?.restarts === 1);
    await until('all are ready', async () => (await states()) === 'ready ready ready');
    expect((await status()).nodes[1]?.node).toBe(before.nodes[1]?.node);
  });

  it('drains a node, which then takes no runs until it is told to', async () => {
    const drained = await skein(['drain', 'n3'], data.path);
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('n3 drained') });
    expect(reportOf('drain')).toMatchObject({ outcome: 'done', facts: { node: 'n3' } });
    await until('it says so', async () => (await states()) === 'ready ready drained');
    await until('the cluster knows', async () => (await seenBy('n1', 'n3')) === 'draining');
    const alone = new ControlClient(join(data.path, 'nodes/n3'));
    const request = { target: { kind: 'skill', skill: 'hello' } } as const;
    expect(await alone.run(request, () => undefined)).toMatchObject({
      value: { outcome: { ok: false, error: { code: 'NODE_DRAINING', retryable: true } } },
    });
    expect(await oneRun()).toMatchObject({ runs: 1, failed: [] });
    expect((await skein(['drain', 'n3', '--undo'], data.path)).code).toBe(0);
    await until('it works again', async () => (await states()) === 'ready ready ready');
    await until('the cluster knows', async () => (await seenBy('n1', 'n3')) === 'ready');
    expect(await skein(['drain', 'n9'], data.path)).toMatchObject({ code: 2 });
    const nobody = await skein(['drain'], data.path);
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
    expect(nobody.stderr).toContain('expected one of n1, n2, n3');
  });

  it('halts one of its nodes by its name while the others go on, then each by itself, until released', async () => {
    const halt = async (...args: readonly string[]) => {
      const { code, stdout } = await skein(
        ['halt', '--json', '--timeout', '60s', ...args],
        data.path,
      );
      return { code, orders: JSON.parse(stdout).orders };
    };
    const n2 = await halt('--node', 'n2');
    expect(n2).toMatchObject({ code: 0, orders: [{ nodes: { length: 3 } }] });
    expect(n2.orders[0].record.order.scope.name).toBe((await status()).nodes[1]?.node);
    await until(
      'the others give it no work',
      async () => (await seenBy('n1', 'n2')) === 'draining',
    );
    expect(await oneRun()).toMatchObject({ runs: 1, failed: [] });
    const all = await halt('--local', '--all');
    expect(all).toMatchObject({ code: 0, orders: [{ nodes: { length: 3 } }] });
    const { stdout } = await skein(
      ['run', 'hello', '--json', '--input', '{"name":"you"}'],
      data.path,
    );
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'HALTED' } });
    const released = await halt('--release', 'all');
    expect(released).toMatchObject({ code: 0, orders: { length: 2 } });
    await until('n2 takes work again', async () => (await seenBy('n1', 'n2')) === 'ready');
  });

  it('is redeployed under a load of runs, and none fails', { timeout: 240_000 }, async () => {
    const before = await pids();
    const load = startLoad(data.path, 4);
    await until('runs end', () => load.count() > 20);
    const redeploy = await skein(['redeploy', '--timeout', '90s'], data.path);
    const during = load.count();
    await until('runs go on', () => load.count() > during + 20);
    const { runs, failed } = await load.stop();
    expect(redeploy).toMatchObject({ code: 0 });
    expect({ failed, isLoad: runs > 40 }).toEqual({ failed: [], isLoad: true });
    expect((await pids()).filter((pid) => before.includes(pid))).toEqual([]);
    for (const act of ['drain', 'drained', 'stop', 'start', 'ready'])
      for (const name of ['n1', 'n2', 'n3'])
        expect(redeploy.stdout).toMatch(new RegExp(`${name} ${act}\\b`));
    expect(reportOf('redeploy')).toMatchObject({
      outcome: 'done',
      facts: { replaced: ['n1', 'n2', 'n3'] },
    });
  });

  it('keeps what it has when a redeploy cannot start the first of its nodes', async () => {
    const file = join(data.path, 'other.yaml');
    writeFileSync(file, 'cluster: default\ngroups: [{ name: other, count: 3 }]\n');
    const other = await skein(['redeploy', '-f', file], data.path);
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('/groups: found the nodes other-1, other-2, other-3');
    expect(await states()).toBe('ready ready ready');
    expect(reportOf('redeploy')).toMatchObject({ outcome: 'failed' });
  });

  it('ends with Ctrl-C, and leaves no process behind', async () => {
    expect((await skein(['up', '--nodes', '1'], data.path)).code).toBe(2);
    up.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(processesWith(data.path)).toEqual([]);
    expect((await skein(['status'], data.path)).code).toBe(3);
  });
});

describe('skein node', () => {
  it('joins a cluster with its labels, and says which of them is wrong', async () => {
    const folder = join(data.path, 'alone');
    const args = ['node', '--cluster', 'labelled', '--label', 'zone=a', '--label', 'rack=r/1'];
    const node = startSkein([...args, '--threads', '1', '--warm-hosts', '0', '--json'], folder);
    const over = finished(node);
    let lines = '';
    node.stdout?.on('data', (chunk) => {
      lines += chunk;
    });
    await until('the node is ready', () => lines.includes('"ready"'), 90_000);
    const shown = JSON.parse((await skein(['status', '--json'], folder)).stdout);
    expect(shown).toMatchObject({
      work: 'ready',
      cluster: { name: 'labelled', members: [{ facts: { labels: { zone: 'a', rack: 'r/1' } } }] },
    });
    expect((await skein(['drain'], folder)).code).toBe(0);
    expect((await skein(['status'], folder)).stdout).toContain('0 runs (drained)');
    node.kill('SIGINT');
    expect((await over).code).toBe(0);
    const wrong = await skein(['node', '--label', 'zo ne=a'], folder);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--label') });
    const byHand = await skein(['node', '--supervised'], folder);
    expect(byHand).toMatchObject({ code: 2, stderr: expect.stringContaining('--supervised') });
  });
});

describe('skein up -f', () => {
  it('says what is wrong with the file, where, and starts nothing', async () => {
    const file = join(data.path, 'cluster.yaml');
    writeFileSync(file, 'cluster: shop\ngroups:\n  - name: workers\n    count: none\n');
    const refused = await skein(['up', '-f', file], data.path);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${file}, line 4, /groups/0/count: found "none"`);
    expect(processesWith(data.path)).toEqual([]);
  });
});
