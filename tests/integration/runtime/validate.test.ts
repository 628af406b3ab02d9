/** Each gate passes on what a real node left or is, and fails on its own when just that is broken. */
import {
  chmod,
  cp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { realPorts } from '../../../src/host/index.ts';
import { openSqliteState } from '../../../src/journal/index.ts';
import {
  type GateReport,
  type GateWorld,
  type NodeStatus,
  type SkeinNode,
  startNode,
  validate,
} from '../../../src/runtime/index.ts';
import { dialNats } from '../../../src/transport/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { startTestNats } from '../../support/nats.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';
import { beginNode, tempFolder, use } from '../../support/used-data.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const pass = (dataDir: string, world: Partial<GateWorld> = {}): Promise<readonly GateReport[]> => {
  const status = async (): Promise<undefined> => undefined;
  const defaults = {
    ...{ policyFile: undefined, clusterFile: undefined, version: '0.1.0' },
    ...{ deadLettersMax: 100, status, ports: realPorts },
  };
  return validate({ dataDir, ...defaults, ...world });
};
const idsOf = (gates: readonly GateReport[], result: string): readonly string[] =>
  gates.filter((gate) => gate.result === result).map(({ id }) => id);

describe('the gates of a data directory', () => {
  let used = '';
  let removeUsed = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const { path, remove } = await tempFolder();
    [used, removeUsed] = [path, remove];
    const node = await beginNode(path);
    await use(node, path);
    await node.close();
  });
  afterAll(() => removeUsed());

  async function copy(): Promise<string> {
    const { path, remove } = await tempFolder();
    open.push(remove);
    await cp(used, path, { recursive: true, preserveTimestamps: true });
    return path;
  }

  async function stateOf(folder: string): Promise<readonly string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const facts = files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { mtimeMs, mode } = await stat(path);
      return `${path} ${mtimeMs} ${mode} ${(await readFile(path)).toString('base64')}`;
    });
    return (await Promise.all(facts)).sort();
  }

  it('pass on what a node left, and change nothing', async () => {
    const data = await copy();
    const policy = join(data, 'policy.yaml');
    await writeFile(policy, 'name: house\nskills:\n  - hello\n');
    const before = await stateOf(data);
    const gates = await pass(data, { policyFile: policy });
    expect(idsOf(gates, 'fail')).toEqual([]);
    expect(idsOf(gates, 'pass')).toEqual([
      'data-directory',
      'journal',
      'key-value',
      'skills',
      'node-key',
      'nats-key',
      'nats-config',
      'policy',
    ]);
    expect(await stateOf(data)).toEqual(before);
  });

  it('read the state of actors that a node without a cluster kept, and find damage in it', async () => {
    const data = await copy();
    const file = join(data, 'state.db');
    const state = valueIn(await openSqliteState({ file, timers: realPorts.timers }));
    valueIn(await state.put('act.counter.a', { count: 4_711 }));
    await state.close();
    expect(idsOf(await pass(data), 'pass')).toContain('actors');
    await flip(file, '4711');
    expect(idsOf(await pass(data), 'fail')).toEqual(['actors']);
  });

  const flip = async (file: string, text: string): Promise<void> => {
    const bytes = await readFile(file);
    const at = bytes.indexOf(text);
    expect(at).toBeGreaterThan(0);
    const handle = await openFile(file, 'r+');
    await handle.write(Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
    await handle.close();
  };

  it.each<[string, (data: string) => Promise<void>]>([
    ['data-directory', (data) => rm(data, { recursive: true })],
    ['journal', (data) => flip(join(data, 'journal.db'), 'correlationId')],
    ['journal', (data) => rm(join(data, 'journal.db'))],
    ['journal', (data) => rm(join(data, 'journal.db-head'))],
    ['key-value', (data) => truncate(join(data, 'kv.db'), 5_000)],
    ['skills', (data) => flip(join(data, 'skills/own@1.0.0.json'), '=> 1')],
    ['signers', (data) => writeFile(join(data, 'trusted-signers.yaml'), 'signers: [{ name: x }]')],
    ['node-key', (data) => chmod(join(data, 'node.key'), 0o644)],
    ['node-key', (data) => truncate(join(data, 'node.key'), 20)],
    ['nats-key', (data) => chmod(join(data, 'nats/node.nk'), 0o640)],
    ['nats-key', (data) => writeFile(join(data, 'nats/node.nk'), 'nothing')],
    ['nats-config', (data) => writeFile(join(data, 'nats/nats-server.conf'), 'port: {')],
    ['policy', (data) => writeFile(join(data, 'policy.yaml'), 'skilz: []')],
    ['cluster-file', (data) => writeFile(join(data, 'cluster.yaml'), 'cluster: shop\ngroups: 3')],
  ])('%s alone fails when it is broken', async (id, spoil) => {
    const data = await copy();
    const policyFile = join(data, 'policy.yaml');
    await writeFile(policyFile, 'name: house\nskills:\n  - hello\n');
    await spoil(data);
    const clusterFile = join(data, 'cluster.yaml');
    if (id !== 'cluster-file' && id !== 'data-directory')
      await writeFile(clusterFile, 'cluster: shop\ngroups: [{ name: front, count: 2 }]');
    const world = id === 'data-directory' ? {} : { policyFile, clusterFile };
    const gates = await pass(data, world);
    expect(idsOf(gates, 'fail')).toEqual([id]);
    const failed = gates.find(({ result }) => result === 'fail');
    expect(failed?.advice).toMatch(/\.$/);
  });

  it('journal and key-value fail while a process that answers no command holds them', async () => {
    const data = await copy();
    const node = valueIn(await startNode({ dataDir: data, threads: 1, warmHosts: 0 }));
    open.push(node.close);
    expect(idsOf(await pass(data), 'fail')).toEqual(['journal', 'key-value']);
  });
});

describe('the gates of a running node', () => {
  let node: SkeinNode;
  let data = '';
  let server: Awaited<ReturnType<typeof startTestNats>>;
  const close: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const { path, remove } = await tempFolder();
    data = path;
    server = await startTestNats();
    const cluster = { name: 'used', natsUrl: server.url };
    node = valueIn(await startNode({ dataDir: path, threads: 2, warmHosts: 1, cluster }));
    close.push(remove, server.close, node.close);
  });
  afterAll(async () => {
    for (const each of close.reverse()) await each();
  });
  const status = (): Promise<NodeStatus> => node.status();
  const but = (change: (status: NodeStatus) => Partial<NodeStatus>) => async () => {
    const now = await node.status();
    return { ...now, ...change(now) };
  };

  it('pass while it is well', async () => {
    const gates = await pass(data, { status });
    expect(idsOf(gates, 'fail')).toEqual([]);
    const running = ['node', 'threads', 'sandboxes', 'nats', 'members', 'refused-packets'];
    expect(idsOf(gates, 'pass')).toEqual(expect.arrayContaining([...running, 'dead-letters']));
    expect(idsOf(gates, 'skip')).toEqual(expect.arrayContaining(['journal', 'key-value']));
  });

  it.each<[string, (status: NodeStatus) => Partial<NodeStatus>]>([
    ['threads', ({ sandboxes }) => ({ sandboxes: sandboxes.slice(1) })],
    ['dead-letters', () => ({ deadLetters: 101 })],
    [
      'members',
      ({ cluster }) => ({
        cluster: cluster && {
          ...cluster,
          members: cluster.members.map((member) => ({ ...member, status: 'suspect' as const })),
        },
      }),
    ],
  ])('%s alone fails by what the status says', async (id, change) => {
    expect(idsOf(await pass(data, { status: but(change) }), 'fail')).toEqual([id]);
  });

  it('sandboxes alone fail when no host gets warm in five seconds', async () => {
    const cold = but(({ sandboxes }) => ({ sandboxes: sandboxes.map((s) => ({ ...s, warm: 0 })) }));
    let nowMs = 0;
    const clock = { ...realPorts.clock, monotonicMs: () => nowMs };
    const timers = {
      ...realPorts.timers,
      after: (delayMs: number, fire: () => void) => {
        nowMs += delayMs;
        return realPorts.timers.after(0, fire);
      },
    };
    const ports = { ...realPorts, clock, timers };
    expect(idsOf(await pass(data, { status: cold, ports }), 'fail')).toEqual(['sandboxes']);
  });

  it('refused-packets alone fail when a stranger speaks on the node’s subjects', async () => {
    const { log } = recordingLog();
    const nats = valueIn(await dialNats({ url: server.url, name: 'stranger', log }));
    nats.connection.publish(`skein.used.thread.${node.id}.main`, 'x'.repeat(200));
    await nats.connection.flush();
    await until('it is refused', async () => {
      const { cluster } = await node.status();
      return Object.keys(cluster?.refused ?? {}).length > 0;
    });
    await nats.close();
    expect(idsOf(await pass(data, { status }), 'fail')).toEqual(['refused-packets']);
  });

  it('nats fails when the way to it is lost', async () => {
    await server.close();
    await until('it is noticed', async () => !(await node.status()).cluster?.isConnected);
    expect(idsOf(await pass(data, { status }), 'fail')).toContain('nats');
  });
});
