/** The kill switch of two nodes around one nats-server, which goes away and comes back in the middle. */
import { afterAll, expect, it } from 'vitest';
import type { Result } from '../../../src/contracts/index.ts';
import { type HaltAnswer, type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { readReceipt } from '../../../src/sandbox/index.ts';
import { busySkill, startArrivals } from '../../support/busy-skills.ts';
import { startNatsCluster } from '../../support/nats-cluster.ts';
import { dataDir } from '../../support/skein-command.ts';
import { until as untilWithin } from '../../support/until.ts';

const data = dataDir();
const nats = await startNatsCluster(1);
const arrivals = await startArrivals();
const nodes: SkeinNode[] = [];
afterAll(async () => {
  for (const node of nodes) await node.close();
  await nats.close();
  arrivals.close();
  data.remove();
});

const SAID = { reason: 'a drill', by: 'alice' };
/** Guards against a hang, far from what a busy machine takes. */
const PATIENCE_MS = 100_000;
const TEST_MS = 300_000;
const until: typeof untilWithin = (what, look) => untilWithin(what, look, PATIENCE_MS);

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function start(name: string, controlLeaseMs: number): Promise<SkeinNode> {
  const cluster = { name: 'halted', natsUrl: nats.urls[0] ?? '', controlLeaseMs };
  const log = { level: 'silent', format: 'json' } as const;
  const options = { dataDir: `${data.path}/${name}`, threads: 1, warmHosts: 0, cluster, log };
  const node = unwrap(await startNode(options));
  nodes.push(node);
  return node;
}

const run = (node: SkeinNode, kind: 'native' | 'hung') =>
  node.execute({
    target: {
      kind: 'plan',
      plan: {
        plan: kind,
        budget: { wallMs: 240_000 },
        grants: { http: { hosts: [arrivals.host], methods: ['GET'], privateAddresses: true } },
        steps: [
          {
            id: kind,
            skill: busySkill(data.path, kind, arrivals.host),
            input: kind === 'hung' ? { url: arrivals.url } : {},
          },
        ],
      },
    },
  });
const hello = (node: SkeinNode) =>
  node.execute({ target: { kind: 'skill', skill: 'hello' }, input: { name: 'you' } });

/** What was stopped where, by receipts that are signed by their nodes. */
function stoppedBy({ record, confirmations }: HaltAnswer) {
  return Object.fromEntries(
    confirmations.map(({ node, receipt }) => {
      const read = readReceipt(receipt, { node, order: record.id, act: 'halt' });
      return [node, typeof read === 'string' ? null : read.stopped];
    }),
  );
}

it(
  'stops the skills of all nodes, outlasts restarts and outages, and converges until released',
  async () => {
    const alpha = await start('alpha', 0);
    let beta = await start('beta', 0);
    await until(
      'they know each other',
      async () => (await beta.status()).cluster?.members.length === 2,
    );
    const runs = [run(alpha, 'hung'), run(beta, 'native')];
    await until('the call hangs', () => arrivals.hanging() === 1);
    await until('the loop runs', async () => (await beta.status()).sandboxes[0]?.living === 1);

    const all = unwrap(
      await alpha.halts.order({ scope: { kind: 'all' }, reach: 'cluster', ...SAID }, PATIENCE_MS),
    );
    expect(stoppedBy(all)).toEqual({
      [alpha.id]: { runs: 1, hostCalls: 1, sandboxHosts: 1, actors: 1 },
      [beta.id]: { runs: 1, hostCalls: 0, sandboxHosts: 1, actors: 1 },
    });
    for (const outcome of await Promise.all(runs)) {
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'HALTED', details: { by: 'alice' } },
      });
    }
    await until('its socket is gone', () => arrivals.hanging() === 0);
    expect((await beta.status()).readiness).toMatchObject({ isReady: false });

    await beta.close();
    nodes.splice(nodes.indexOf(beta), 1);
    beta = await start('beta', 1_000);
    await until('it is back under the order', () => {
      const { haltedBy, channel } = beta.halts.status();
      return haltedBy === all.record.id && channel === 'heard';
    });
    expect(await hello(beta)).toMatchObject({ ok: false, error: { code: 'HALTED' }, attempts: 0 });
    await until(
      'they know each other',
      async () => (await alpha.status()).cluster?.members.length === 2,
    );

    await nats.kill(0);
    const local = unwrap(
      await alpha.halts.order(
        { scope: { kind: 'skill', name: 'hello' }, reach: 'local', ...SAID },
        PATIENCE_MS,
      ),
    );
    expect(Object.keys(stoppedBy(local))).toEqual([alpha.id]);
    await until(
      'it halts itself without word of the channel',
      () => beta.halts.status().haltedBy === 'lease',
    );
    expect(alpha.halts.status()).toMatchObject({ haltedBy: all.record.id, channel: 'away' });
    const unheard = unwrap(
      await alpha.halts.order(
        { scope: { kind: 'tenant', name: 'acme' }, reach: 'cluster', ...SAID },
        500,
      ),
    );

    await nats.start(0);
    const ids = (node: SkeinNode) => node.halts.status().standing.map(({ id }) => id);
    await until('both hold the orders of both', () => {
      const shared = [all.record.id, unheard.record.id];
      return (
        ids(beta).join() === shared.join() &&
        ids(alpha).join() === [shared[0], local.record.id, shared[1]].join()
      );
    });

    const { released } = unwrap(await beta.halts.release('all', SAID, PATIENCE_MS));
    expect(
      released.flatMap(({ confirmations }) => confirmations.map(({ receipt }) => receipt?.act)),
    ).toEqual(Array(4).fill('release'));
    await until('beta works', async () => (await hello(beta)).ok);
    expect(await hello(alpha)).toMatchObject({
      ok: false,
      error: { details: { order: local.record.id } },
    });
    unwrap(await alpha.halts.release(local.record.id, SAID, PATIENCE_MS));
    expect(await hello(alpha)).toMatchObject({ ok: true });

    await beta.close();
    nodes.splice(nodes.indexOf(beta), 1);
    beta = await start('beta', 0);
    expect(await hello(beta), 'what was released stays so').toMatchObject({ ok: true });

    const audited = unwrap(await alpha.query({ kind: 'audit' })).map(({ type }) => type);
    for (const type of ['halt.ordered', 'halt.confirmed', 'halt.released'])
      expect(audited).toContain(type);
  },
  TEST_MS,
);
