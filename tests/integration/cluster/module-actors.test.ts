/** Actors of packages on real nodes around a real nats-server: asked from a node without the package, going on when their node is gone. */
import { afterAll, expect, it } from 'vitest';
import type { Json } from '../../../src/contracts/index.ts';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { counterModule } from '../../support/counter-module.ts';
import { until } from '../../support/until.ts';

const nodes: SkeinNode[] = [];
afterAll(async () => {
  for (const node of nodes.reverse()) await node.close();
});

const TERMS = { ttlMs: 2_000, stopMs: 200, isStateForgetful: false };

async function begin(first?: SkeinNode): Promise<SkeinNode> {
  const { nats: natsUrl, natsCredsFile } = (await first?.status())?.cluster ?? {};
  const cluster = {
    name: 'modules',
    ...(natsUrl && natsCredsFile ? { natsUrl, natsCredsFile } : {}),
  };
  const options = { dataDir: 'memory', threads: 1, warmHosts: 1, cluster } as const;
  const node = valueIn(await startNode({ ...options, virtual: { terms: TERMS } }));
  nodes.push(node);
  return node;
}

it('lives on a node that holds the package, and on another with the same state when that one is gone', async () => {
  const sender = await begin();
  const first = await begin(sender);
  const nobody = { skill: 'counter', key: 'k', type: 'read', timeoutMs: 1_000 };
  expect(codeIn(await sender.actors.ask(nobody))).toBe('VIRTUAL_UNREACHABLE');
  valueIn(await first.register(counterModule()));
  const ask = (type: string, payload: Json = null) =>
    until('the actor answers', async () => {
      const reply = await sender.actors.ask({ skill: 'counter', key: 'k', type, payload });
      return reply.ok && reply;
    });
  expect(valueIn(await ask('add', 2))).toBe(2);
  const lives = { skill: 'counter', tenant: 'default', key: 'k' };
  expect(first.actors.active()).toEqual([lives]);
  expect(sender.actors.active()).toEqual([]);
  const second = await begin(sender);
  valueIn(await second.register(counterModule()));
  await first.close();
  expect(valueIn(await ask('add', 3))).toBe(5);
  expect(second.actors.active()).toEqual([lives]);
});
