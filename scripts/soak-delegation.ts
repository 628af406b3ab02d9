/**
 * `npm run soak:delegation -- [--for=60] [--nodes=3] [--at-once=8] [--kill-every=15] [--seed=1] [--json]`: runs whose steps other nodes
 * do, while nodes are killed and come back. Told at the end: the share of delegated calls and of runs that completed (with the lower
 * bound of Wilson's 95 % interval), what the failed ones say, and whether a service was asked for one thing under two keys.
 * `--kill-every=0` kills nobody. A goal that is missed makes the exit code 1: 99 % of the runs complete, no second key.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlClient } from '../src/api/index.ts';
import { realPorts, seededRandom } from '../src/host/index.ts';
import { type NodeStatus, type RunningGroup, startNodeGroup } from '../src/runtime/index.ts';

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '60' },
    nodes: { type: 'string', default: '3' },
    'at-once': { type: 'string', default: '8' },
    'kill-every': { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const forMs = Number(values.for) * 1_000;
const killEveryMs = Number(values['kill-every']) * 1_000;
const atOnce = Number(values['at-once']);
const random = seededRandom(`soak/${values.seed}`);
const say = (text: string): boolean => process.stderr.write(`${text}\n`);
const { clock, timers } = realPorts;
const sleep = (ms: number) => new Promise<void>((resolve) => void timers.after(ms, resolve));

const GOAL = 0.99;
const Z95 = 1.96;
const PROGRESS_MS = 10_000;

/** Lower bound of the 95 % interval of a share (Wilson 1927). */
function wilsonLow(done: number, all: number): number {
  if (all === 0) return 0;
  const share = done / all;
  const z2 = Z95 ** 2;
  const spread = Z95 * Math.sqrt((share * (1 - share)) / all + z2 / (4 * all ** 2));
  return (share + z2 / (2 * all) - spread) / (1 + z2 / all);
}

/** Counts what it was asked for: each order under one key, or somebody did a thing twice. */
async function startOrders() {
  const keys = new Map<string, Set<string>>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const order = request.url ?? '';
    const seen = keys.get(order) ?? new Set();
    keys.set(order, seen.add(String(request.headers['idempotency-key'])));
    timers.after(5 + random.next() * 30, () => response.end('booked'));
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => ({
      requests,
      orders: keys.size,
      doubled: [...keys.values()].filter((each) => each.size > 1).length,
    }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const place = { labels: { role: 'worker' } };
const planOf = (host: string, order: number) =>
  JSON.stringify({
    plan: 'soak',
    grants: { http: { hosts: [host], methods: ['POST'], privateAddresses: true } },
    steps: [
      {
        id: 'reckon',
        skill: 'json_transform',
        place,
        input: { value: [3, 1, order], ops: [{ slice: [-2] }] },
        verify: { replicas: 2, quorum: 2 },
        retry: { attempts: 3 },
      },
      {
        id: 'order',
        skill: 'http_call',
        place,
        needs: ['reckon'],
        input: { url: `http://${host}/orders/${order}`, method: 'POST', json: '${steps.reckon}' },
        retry: { attempts: 3 },
      },
    ],
  });

interface Counts {
  runs: number;
  completed: number;
  kills: number;
  readonly failures: Record<string, number>;
}

async function load(group: RunningGroup, host: string, endMs: number, counts: Counts) {
  const client = new ControlClient(group.supervisor.settingsOf('n1')?.dataDir ?? '');
  const work = async (): Promise<void> => {
    while (clock.monotonicMs() < endMs) {
      const text = planOf(host, ++counts.runs);
      const answer = await client.run({ target: { kind: 'plan-text', text } }, () => undefined);
      const outcome = answer.ok ? answer.value.outcome : answer;
      if (outcome.ok) counts.completed++;
      else counts.failures[outcome.error.code] = (counts.failures[outcome.error.code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Kills a worker that is ready while another one is. */
async function kill(group: RunningGroup, endMs: number, counts: Counts): Promise<void> {
  while (killEveryMs > 0 && clock.monotonicMs() + killEveryMs < endMs) {
    await sleep(killEveryMs);
    const ready = group.supervisor
      .nodes()
      .filter(({ name, state }) => name !== 'n1' && state === 'ready');
    const victim = ready[Math.floor(random.next() * ready.length)];
    if (ready.length < 2 || !victim?.pid) continue;
    counts.kills++;
    say(`kill -9 ${victim.name}, process ${victim.pid}`);
    process.kill(victim.pid, 'SIGKILL');
  }
}

async function main(): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'skein-soak-'));
  const started = await startNodeGroup({
    dataDir,
    cluster: 'soak',
    log: { level: 'error', format: 'plain' },
    nodes: Array.from({ length: Number(values.nodes) }, (_, at) => ({
      name: `n${at + 1}`,
      group: 'soak',
      threads: 1,
      labels: { role: at === 0 ? 'front' : 'worker' },
      limits: {},
    })),
  });
  if (!started.ok) throw new Error(started.error.message);
  const group = started.value;
  const orders = await startOrders();
  try {
    const ready = await group.supervisor.ready();
    if (!ready.ok) throw new Error(ready.error.message);
    const counts: Counts = { runs: 0, completed: 0, kills: 0, failures: {} };
    const beganMs = clock.monotonicMs();
    const endMs = beganMs + forMs;
    const progress = async (): Promise<void> => {
      while (clock.monotonicMs() + PROGRESS_MS < endMs) {
        await sleep(PROGRESS_MS);
        say(
          `${Math.round((clock.monotonicMs() - beganMs) / 1_000)} s: ${counts.completed} runs completed`,
        );
      }
    };
    await Promise.all([
      load(group, orders.host, endMs, counts),
      kill(group, endMs, counts),
      progress(),
    ]);
    const front = new ControlClient(group.supervisor.settingsOf('n1')?.dataDir ?? '');
    const status = await front.get<NodeStatus>('/v1/status');
    const calls = status.ok ? status.value.cluster?.delegation : undefined;
    const delegated = (calls?.completed ?? 0) + (calls?.failed ?? 0);
    const report = {
      seconds: Math.round((clock.monotonicMs() - beganMs) / 1_000),
      nodes: Number(values.nodes),
      ...counts,
      runsLow95: wilsonLow(counts.completed, counts.runs),
      calls,
      callsLow95: wilsonLow(calls?.completed ?? 0, delegated),
      ...orders.counts(),
    };
    process.stdout.write(`${JSON.stringify(report, null, values.json ? undefined : 2)}\n`);
    return counts.completed >= GOAL * counts.runs && report.doubled === 0 ? 0 : 1;
  } finally {
    orders.close();
    await group.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

process.exit(await main());
