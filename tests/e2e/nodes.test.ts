import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { CorrelationId, Result, ThreadName } from '../../src/contracts/index.ts';
import { type ActorContext, type ActorRef, defineActor } from '../../src/kernel/index.ts';
import { type NodeOptions, type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { FIXTURE_ACTORS } from '../fixtures/actors.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const nodes: SkeinNode[] = [];
const servers: TestNats[] = [];
const data = dataDir();

afterEach(async () => {
  for (const node of nodes.splice(0).reverse()) await node.close();
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => data.remove());

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function begin(cluster: NonNullable<NodeOptions['cluster']>): Promise<SkeinNode> {
  const node = unwrap(await startNode({ dataDir: 'memory', threads: 1, warmHosts: 0, cluster }));
  nodes.push(node);
  return node;
}

async function pair() {
  const alpha = await begin({ name: 'pair' });
  const way = await wayTo(alpha);
  const beta = await begin({ name: 'pair', ...way });
  return { alpha, beta, way };
}

/** To the NATS of a node, with its credentials. */
async function wayTo(node: SkeinNode) {
  const { nats: natsUrl = '', natsCredsFile } = (await node.status()).cluster ?? {};
  return { natsUrl, ...(natsCredsFile ? { natsCredsFile } : {}) };
}

const echo = defineActor({
  kind: 'echo',
  initial: () => undefined,
  receive: { say: (_state, what: unknown) => what },
});

const launcher = defineActor({
  kind: 'launcher',
  initial: () => undefined,
  receive: {
    start: (_state, _none: undefined, ctx: ActorContext) =>
      ctx.spawnOn({ url: FIXTURE_ACTORS, exportName: 'echo' }, undefined, {
        thread: 't1' as ThreadName,
      }).address,
  },
});

/** Starts an echo on a worker thread of `there`. @returns a ref to it for `here`. */
async function startWorker(here: SkeinNode, there: SkeinNode): Promise<ActorRef> {
  const started = await there.system.ask(
    there.system.spawn(launcher, undefined),
    'start',
    undefined,
  );
  if (started.kind !== 'answered') throw new Error(started.error.message);
  return unwrap(here.system.refAt(started.value));
}

describe('nodes of one cluster', () => {
  it('reach each other from thread to thread, and go direct on one machine', async () => {
    const { alpha, beta } = await pair();
    const worker = await startWorker(alpha, beta);
    expect(await alpha.system.ask(worker, 'say', 'hello')).toEqual({
      kind: 'answered',
      value: 'hello',
    });
    await until('the link is direct', async () => {
      const { cluster } = await alpha.status();
      return cluster?.peers.some(({ path, thread }) => path === 'unix' && thread === 't1');
    });
    expect(await alpha.system.ask(worker, 'say', 'again')).toMatchObject({ value: 'again' });
    for (const part of ['kv', 'skills', 'delegator', 'effects', 'policy', 'audit']) {
      const own = unwrap(alpha.system.refAt(`skein://${beta.id}/main/root/${part}`));
      const answer = await alpha.system.ask(own, 'counts', undefined);
      expect(answer).toMatchObject({ kind: 'not-delivered', error: { code: 'ACTOR_PRIVATE' } });
    }
    const { cluster, readiness } = await beta.status();
    expect(readiness).toEqual({ isReady: true, reasons: [] });
    expect(cluster).toMatchObject({ name: 'pair', isConnected: true });
    expect(cluster?.peers).toContainEqual(
      expect.objectContaining({ from: 't1', node: alpha.id, thread: 'main' }),
    );
  });

  it('keep out a node whose key is not on the list', async () => {
    const alpha = await begin({ name: 'list' });
    const { key = '' } = (await alpha.status()).cluster ?? {};
    const way = await wayTo(alpha);
    const gamma = await begin({ name: 'list', ...way, trustedKeys: [key] });
    const beta = await begin({ name: 'list', ...way });
    const { address } = gamma.system.spawn(echo, undefined, { name: 'echo' });
    const say = (node: SkeinNode) =>
      node.system.ask(unwrap(node.system.refAt(address)), 'say', 'hello', { timeoutMs: 500 });
    expect(await say(alpha)).toEqual({ kind: 'answered', value: 'hello' });
    expect(await say(beta)).toMatchObject({ kind: expect.not.stringMatching('answered') });
    expect((await gamma.status()).cluster?.refused).toEqual({ 'wrong key': expect.any(Number) });
    const wrong = { name: 'list', ...way, trustedKeys: ['no key'] };
    const refused = await startNode({ dataDir: 'memory', threads: 1, cluster: wrong });
    expect(refused).toMatchObject({
      error: { code: 'ARGUMENT_INVALID', details: { argument: 'trustedKeys' } },
    });
  });

  it('keep their IDs when they begin again on the same data', async () => {
    const once = async () => {
      const folder = `${data.path}/again`;
      const node = unwrap(await startNode({ dataDir: folder, threads: 1, warmHosts: 0 }));
      const { address, incarnation } = node.system.spawn(echo, undefined, { name: 'echo' });
      await node.close();
      return { address, incarnation };
    };
    const [first, second] = [await once(), await once()];
    expect(second.address).toBe(first.address);
    expect(second.incarnation).toBeGreaterThan(first.incarnation + 2 ** 32);
  });

  it('keep one trace over both', async () => {
    const { alpha, beta } = await pair();
    const worker = await startWorker(alpha, beta);
    const correlationId = 'a'.repeat(32) as CorrelationId;
    const trace = { correlationId, spanId: 'b'.repeat(16), sampled: true };
    const answer = await alpha.system.ask(worker, 'say', 'traced', { trace });
    expect(answer).toMatchObject({ kind: 'answered', value: 'traced' });
    const near = (await alpha.trace(correlationId)).map(({ name }) => name);
    const far = (await beta.trace(correlationId)).map(({ name }) => name);
    expect(near.some((name) => name.startsWith('ask say'))).toBe(true);
    expect(far).toContain(`thread hop ${alpha.id}/main > t1`);
  });

  it('tell a lost peer by its code, and a new one in its place is reached', async () => {
    const { alpha, way } = await pair();
    const ghost = unwrap(alpha.system.refAt('skein://n-aaaaaaaa/main/root/echo'));
    const asked = await alpha.system.ask(ghost, 'say', 1, { timeoutMs: 20_000 });
    expect(asked).toMatchObject({ kind: 'unknown', error: { code: 'PEER_LOST' } });
    const gamma = await begin({ name: 'pair', ...way });
    const target = gamma.system.spawn(echo, undefined, { name: 'echo' });
    const ref = unwrap(alpha.system.refAt(target.address));
    expect(await alpha.system.ask(ref, 'say', 2)).toMatchObject({ value: 2 });
  });

  it('of another name do not hear each other', async () => {
    const nats = await startTestNats();
    servers.push(nats);
    const alpha = await begin({ name: 'pair', natsUrl: nats.url });
    const other = await begin({ name: 'other', natsUrl: nats.url });
    const target = other.system.spawn(echo, undefined, { name: 'echo' });
    const ref = unwrap(alpha.system.refAt(target.address));
    const asked = await alpha.system.ask(ref, 'say', 1, { timeoutMs: 1_000 });
    expect(asked).toMatchObject({ kind: 'unknown', error: { code: 'ASK_TIMEOUT' } });
  });
});

describe('skein up --cluster', () => {
  it('starts a nats-server where none is named, and status shows the cluster', async () => {
    const node = startSkein(['up', '--json', '--cluster', 'shown', '--threads', '1'], data.path);
    let said = '';
    node.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    await until('the node is ready', () => said.includes('"ready"'));
    expect(said).toMatch(/"name":"NATS at nats:\/\/127\.0\.0\.1:\d+"/);
    const { stdout } = await skein(['status'], data.path);
    expect(stdout).toMatch(/cluster shown {2}NATS connected at nats:\/\/127\.0\.0\.1:\d+/);
    expect(stdout).toContain(`credentials in ${data.path}/nats/node.nk`);
    const ended = finished(node);
    node.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  it('knows its members: who joins, who is killed, who leaves', async () => {
    const alpha = await begin({ name: 'members' });
    const way = await wayTo(alpha);
    const seen = async () => (await alpha.status()).cluster?.members ?? [];
    const other = dataDir();
    const nats = ['--nats', way.natsUrl, '--nats-creds', way.natsCredsFile ?? ''];
    const join = ['up', '--json', '--cluster', 'members', ...nats, '--threads', '1'];
    const node = startSkein(join, other.path);
    let said = '';
    node.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    await until('the node is ready', () => said.includes('"ready"'));
    await until('both know each other', async () => (await seen()).length === 2);
    const { stdout } = await skein(['status'], other.path);
    expect(stdout).toMatch(/2 members\n/);
    expect(stdout).toMatch(/member n-\w+ {2}alive, load 0/);
    const killed = finished(node);
    node.kill('SIGKILL');
    await killed;
    await until('it is known to be dead', async () => (await seen()).length === 1);
    other.remove();

    const beta = await begin({ name: 'members', ...way });
    await until('the next is there', async () => (await seen()).length === 2);
    nodes.pop();
    await beta.close();
    await until('it has left', async () => (await seen()).length === 1);
  });

  it('says which setting is wrong, and with which exit code', async () => {
    const name = await skein(['up', '--cluster', 'no.dots'], data.path);
    expect(name).toMatchObject({ code: 2 });
    expect(name.stderr).toContain('cluster');
    const key = await skein(['up', '--cluster', 'c', '--trusted-key', 'no-key'], data.path);
    expect(key).toMatchObject({ code: 2 });
    expect(key.stderr).toContain('trustedKeys');
    const nats = await skein(['up', '--nats', 'nats://127.0.0.1:1'], data.path);
    expect(nats).toMatchObject({ code: 3 });
    expect(nats.stderr).toContain('NATS cannot be used');
  });
});
