import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { equalNodes, type RunningGroup, startNodeGroup } from '../../../src/runtime/index.ts';
import { processesWith } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'skein-group-'));
let running: RunningGroup | undefined;

afterAll(async () => {
  await running?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('starts node processes that meet, tells of one that is killed, starts it again, and ends all', async () => {
  const seen: string[] = [];
  const started = await startNodeGroup({
    dataDir,
    cluster: 'three',
    nodes: equalNodes(3, 1),
    onEvent: (event) => {
      if (event.kind === 'state') seen.push(`${event.name} ${event.state}`);
    },
  });
  if (!started.ok) throw new Error(started.error.message);
  running = started.value;
  const { supervisor } = started.value;
  expect(await supervisor.ready()).toEqual({ ok: true, value: undefined });
  const [first, second] = supervisor.nodes();
  expect(supervisor.nodes().map(({ facts }) => facts?.members.length)).toEqual([3, 3, 3]);
  seen.length = 0;
  process.kill(second?.pid as number, 'SIGKILL');
  await until('the group is told', () => seen.includes('n2 waiting'));
  await until('it is back', () => seen.includes('n2 ready'));
  expect(supervisor.nodes()[1]).toMatchObject({ node: second?.node, restarts: 1 });
  expect(supervisor.nodes()[0]?.pid).toBe(first?.pid);
  await started.value.stop();
  expect(processesWith(dataDir)).toEqual([]);
});

it('leaves no process behind when its own process is killed', async () => {
  const folder = join(dataDir, 'orphans');
  const runtime = new URL('../../../src/runtime/index.ts', import.meta.url).href;
  const program = `
    const { equalNodes, startNodeGroup } = await import(${JSON.stringify(runtime)});
    const nodes = equalNodes(1, 1);
    const group = await startNodeGroup({ dataDir: ${JSON.stringify(folder)}, cluster: 'orphans', nodes });
    await group.value.supervisor.ready();
    console.log('ready');`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let said = '';
  parent.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until('the group is ready', () => said.includes('ready'));
  const others = () => processesWith(folder).filter((pid) => pid !== parent.pid);
  // The node and its nats-server.
  expect(others()).toHaveLength(2);
  parent.kill('SIGKILL');
  await until('all are gone', () => others().length === 0);
});

it('says at once that nobody listens where NATS should be, and starts no node for it', async () => {
  const events: unknown[] = [];
  const started = await startNodeGroup({
    dataDir: join(dataDir, 'nowhere'),
    cluster: 'nowhere',
    natsUrl: 'nats://127.0.0.1:1',
    nodes: equalNodes(2, 1),
    onEvent: (event) => events.push(event),
  });
  expect(started).toMatchObject({ ok: false, error: { code: 'NATS_FAILED' } });
  expect(events).toEqual([]);
});
