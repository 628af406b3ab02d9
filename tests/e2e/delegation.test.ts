import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient } from '../../src/api/index.ts';
import { type NodeStatus, type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { dataDir, finished, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

/** A service that books an order once for each key, and does not answer whoever asks first. */
async function startOrders() {
  const keys: string[] = [];
  const booked = new Set<string>();
  const server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    keys.push(key);
    booked.add(key);
    if (keys.length > 1) response.end('booked');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { host, keys, booked, close };
}

const data = dataDir();
const folders = ['w1', 'w2'].map((name) => `${data.path}/${name}`);
const workers: ChildProcess[] = [];
let front: SkeinNode;

beforeAll(async () => {
  const cluster = { name: 'delegation' };
  const started = await startNode({
    dataDir: `${data.path}/front`,
    threads: 1,
    warmHosts: 0,
    cluster,
  });
  if (!started.ok) throw new Error(started.error.message);
  front = started.value;
  const { nats = '', natsCredsFile } = (await front.status()).cluster ?? {};
  for (const folder of folders) {
    const creds = ['--nats-creds', natsCredsFile ?? ''];
    const args = ['up', '--json', '--cluster', 'delegation', '--nats', nats, ...creds];
    workers.push(startSkein(args, folder));
  }
  await until('all know each other, and that they take work', async () => {
    const { cluster: seen } = await front.status();
    const ready = seen?.members.filter(({ facts }) => facts.state === 'ready');
    return ready?.length === 3;
  });
});

afterAll(async () => {
  const ended = workers.filter((worker) => worker.exitCode === null && worker.signalCode === null);
  for (const worker of ended) {
    const end = finished(worker);
    worker.kill('SIGKILL');
    await end;
  }
  await front.close();
  data.remove();
});

const statusIn = async (folder: string): Promise<NodeStatus | undefined> => {
  const status = await new ControlClient(folder).get<NodeStatus>('/v1/status');
  return status.ok ? status.value : undefined;
};

const elsewhere = (step: object) => ({ id: 'step', place: { elsewhere: true }, ...step });

describe('a step on another node', () => {
  it('is in one trace with the run, and counted', async () => {
    const step = elsewhere({ skill: 'hello', input: { name: 'you' } });
    const outcome = await front.execute({
      target: { kind: 'plan', plan: { plan: 'away', steps: [step] } },
    });
    expect(outcome).toMatchObject({ ok: true });
    const spans = await front.trace(outcome.correlationId);
    const known = new Set(spans.map(({ spanId }) => spanId));
    const orphans = spans.filter(({ parentSpanId }) => parentSpanId && !known.has(parentSpanId));
    expect(orphans).toEqual([]);
    const far = spans.find(({ name }) => name === 'sandbox call hello');
    expect(far?.thread).toMatch(/^n-[a-z2-7]{8}\/t1$/);
    expect(far?.thread).not.toContain(front.id);
    expect((await front.status()).cluster?.delegation).toMatchObject({ completed: 1, failed: 0 });
  });

  it('survives the death of its node in the middle: done by the other, under the same key', async () => {
    const orders = await startOrders();
    const plan = {
      plan: 'order',
      grants: { http: { hosts: [orders.host], methods: ['POST'], privateAddresses: true } },
      steps: [
        elsewhere({
          skill: 'http_call',
          input: { url: `http://${orders.host}/orders`, method: 'POST', json: { pieces: 1 } },
        }),
      ],
    };
    const running = front.execute({ target: { kind: 'plan', plan } });
    await until('the order has come', () => orders.keys.length === 1);
    const busy = await until('a worker says that it is at work', async () => {
      const all = await Promise.all(folders.map(statusIn));
      return all.find((status) => status?.cluster?.delegation?.activeForOthers === 1);
    });
    workers.find(({ pid }) => pid === busy.pid)?.kill('SIGKILL');
    const outcome = await running;
    expect(outcome).toMatchObject({ ok: true, value: { status: 200, body: 'booked' } });
    expect(orders.keys).toHaveLength(2);
    expect(orders.booked.size).toBe(1);
    const { delegation, members } = (await front.status()).cluster ?? {};
    expect(delegation).toMatchObject({ lost: 1 });
    expect(members?.map(({ node }) => node)).not.toContain(busy.node);
    const spans = await front.trace(outcome.correlationId);
    expect(
      spans.find(({ name }) => name === `delegate http_call to ${busy.node}`)?.error,
    ).toContain('dead');
    orders.close();
  });
});
