/** Virtual actors on real nodes around a real nats-server: asked from anywhere, handed over when their node ends. */
import { afterEach, expect, it } from 'vitest';
import { counterOf } from '../../../scripts/activation/counter.ts';
import type { AskResult } from '../../../src/kernel/index.ts';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { until } from '../../support/until.ts';

const nodes: SkeinNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0).reverse()) await node.close();
});

const TERMS = { ttlMs: 2_000, stopMs: 200, isStateForgetful: false };
const KEYS = Array.from({ length: 12 }, (_, at) => `key/${at}`);

async function begin(first?: SkeinNode): Promise<SkeinNode> {
  const { nats: natsUrl, natsCredsFile } = (await first?.status())?.cluster ?? {};
  const cluster = {
    name: 'virtual',
    ...(natsUrl && natsCredsFile ? { natsUrl, natsCredsFile } : {}),
  };
  const options = { dataDir: 'memory', threads: 1, warmHosts: 0, cluster } as const;
  const node = valueIn(await startNode({ ...options, virtual: { terms: TERMS } }));
  nodes.push(node);
  valueIn(await node.virtual.register(counterOf(node.id)));
  return node;
}

const isAnswered = <T>(result: AskResult<T>): result is AskResult<T> & { kind: 'answered' } =>
  result.kind === 'answered';

it('spreads keys over the nodes, answers from each, and hands them over when a node ends', async () => {
  const alpha = await begin();
  const beta = await begin(alpha);
  const asked = (node: SkeinNode, key: string) =>
    until(`${key} answers`, async () => {
      const result = await node.virtual.get(counterOf(''), key).ask('increment');
      return isAnswered(result) && result.value;
    });
  const members = async (node: SkeinNode) => (await node.status()).cluster?.members.length;
  await until('both are members', async () => (await members(alpha)) === 2);
  await until('both are members', async () => (await members(beta)) === 2);
  await until('keys live on both', async () => {
    const counted = await Promise.all(KEYS.map((key) => asked(alpha, key)));
    return new Set(counted.map(({ node }) => node)).size === 2;
  });
  const before = new Map<string, number>();
  for (const key of KEYS) {
    const one = await asked(alpha, key);
    const two = await asked(beta, key);
    expect({ key, ...two }).toEqual({ key, ...one, count: one.count + 1 });
    before.set(key, two.count);
  }
  expect(await beta.drain({ timeoutMs: 20_000 })).toMatchObject({ ok: true });
  expect([...beta.virtual.live().values()].flat()).toEqual([]);
  const oneOfBetas = KEYS[0] ?? '';
  const moved = await asked(beta, oneOfBetas);
  expect(moved).toMatchObject({ node: alpha.id, count: (before.get(oneOfBetas) ?? 0) + 1 });
  before.set(oneOfBetas, moved.count);
  nodes.splice(nodes.indexOf(beta), 1);
  await beta.close();
  for (const key of KEYS) {
    const after = await asked(alpha, key);
    expect({ key, count: after.count }).toEqual({ key, count: (before.get(key) ?? 0) + 1 });
    expect(after.node).toBe(alpha.id);
  }
});

it('lives on a node without a cluster, in memory', async () => {
  const node = valueIn(await startNode({ dataDir: 'memory', threads: 1, warmHosts: 0 }));
  nodes.push(node);
  const counter = counterOf(node.id);
  valueIn(await node.virtual.register(counter));
  const one = node.virtual.singleton(counter);
  expect(await one.ask('increment')).toMatchObject({ kind: 'answered', value: { count: 1 } });
  expect(await one.ask('increment')).toMatchObject({ kind: 'answered', value: { count: 2 } });
  await node.virtual.handOverAll();
  expect(await one.ask('increment', undefined, { timeoutMs: 300 })).toMatchObject({
    kind: 'not-delivered',
    error: { code: 'VIRTUAL_UNREACHABLE' },
  });
  expect(codeIn(await node.virtual.register({ ...counter, kind: 'late' }))).toBe('SYSTEM_STOPPING');
});
