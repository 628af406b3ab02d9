/** `skein halt` as an operator types it: beside a node that runs, one that hangs, one that is not there. */
import type { ChildProcess } from 'node:child_process';
import { afterAll, expect, it } from 'vitest';
import { ControlClient } from '../../src/api/index.ts';
import type { NodeStatus } from '../../src/runtime/index.ts';
import { busySkill } from '../support/busy-skills.ts';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
let node: ChildProcess | undefined;
const end = async (): Promise<void> => {
  if (!node || node.exitCode !== null || node.signalCode !== null) return;
  const gone = finished(node);
  node.kill('SIGKILL');
  await gone;
};
afterAll(async () => {
  await end();
  data.remove();
});

async function up(): Promise<void> {
  const child = startSkein(['up', '--json', '--threads', '1'], data.path);
  node = child;
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until('the node is ready', () => said.includes('"ready"'), 100_000);
}

const halt = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await skein(['halt', '--json', ...args], data.path);
  return { code, said: JSON.parse(stdout || stderr) };
};
const status = async (): Promise<NodeStatus> => {
  const asked = await new ControlClient(data.path).get<NodeStatus>('/v1/status');
  if (!asked.ok) throw new Error(asked.error.message);
  return asked.value;
};
const hello = () => skein(['run', 'hello', '--input', '{"name":"you"}', '--json'], data.path);

it('stops a native loop, and stays in force over a killed node until it is released', async () => {
  await up();
  const running = skein(['run', busySkill(data.path, 'native', 'none.test'), '--json'], data.path);
  await until('the loop runs', async () => (await status()).activeRuns === 1);
  const { code, said } = await halt(
    '--all',
    '--reason',
    'a drill',
    '--by',
    'alice',
    '--timeout',
    '60s',
  );
  expect(code, JSON.stringify(said)).toBe(0);
  const [{ order, nodes }] = said.orders;
  expect(nodes).toMatchObject([{ confirmed: true, stopped: { runs: 1, actors: 1 } }]);
  const outcome = JSON.parse((await running).stdout);
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: 'HALTED', details: { by: 'alice', order } },
  });

  await end();
  const beside = await halt('--local', '--skill', 'word_count');
  expect(beside).toMatchObject({ code: 0, said: { orders: [{ nodes: [{ confirmed: true }] }] } });
  await up();
  expect(await status()).toMatchObject({
    readiness: { isReady: false },
    halts: { haltedBy: order, standing: [{ by: 'alice' }, { scope: { name: 'word_count' } }] },
  });
  expect(JSON.parse((await hello()).stdout)).toMatchObject({
    error: { code: 'HALTED' },
    attempts: 0,
  });
});

it('reaches a node that hangs by its folder, says FAILED, and is released at last', async () => {
  node?.kill('SIGSTOP');
  const hanging = await skein(
    ['halt', '--local', '--tenant', 'acme', '--timeout', '100ms'],
    data.path,
  );
  expect(hanging).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED') });
  node?.kill('SIGCONT');
  await until('the node has seen it', async () => (await status()).halts.standing.length === 3);
  const released = await halt('--release', 'all', '--timeout', '60s');
  expect(released).toMatchObject({ code: 0, said: { orders: { length: 3 } } });
  expect(JSON.parse((await hello()).stdout)).toMatchObject({ ok: true });
});
