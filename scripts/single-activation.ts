/**
 * `npm run test:activation -- [--for 5m] [--keys 200] [--nodes 5] [--seed N] [--nats] [--json]`: counters as virtual actors on real
 * node processes around a real nats-server, while nodes are killed, stopped for up to 15 s and cut off from NATS, chosen by the
 * seed; with `--nats` the server is restarted as well.
 * Fails when one epoch has two writers, two activations of a key act at once, or an acknowledged increment is missing.
 */
import { parseArgs } from 'node:util';
import { realPorts, seededRandom } from '../src/host/index.ts';
import { openJetStreamState } from '../src/journal/index.ts';
import { createLog } from '../src/telemetry/index.ts';
import { dialNats } from '../src/transport/index.ts';
import { AckLog, overlaps, StoreChecker } from './activation/checkers.ts';
import { counterOf } from './activation/counter.ts';
import { type Fleet, type FleetNode, sleep, startClient, startFleet } from './activation/fleet.ts';

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '5m' },
    keys: { type: 'string', default: '200' },
    nodes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    nats: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const CLIENTS = 24;
const ASK_TIMEOUT_MS = 10_000;
const HEALED_WITHIN_MS = 120_000;
const FAULTS_AT_ONCE = 3;

const { clock } = realPorts;
const forMs = durationMs(values.for);
const keys = Array.from({ length: Number(values.keys) }, (_, at) => `key-${at}`);
const random = seededRandom(`activation/${values.seed}`);
const say = (text: string): void => {
  if (!values.json) process.stdout.write(`${text}\n`);
};

const fleet = await startFleet(Number(values.nodes));
const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
const store = new StoreChecker();
const acks = new AckLog();
const counts = { kills: 0, pauses: 0, cuts: 0, restarts: 0, natsRestarts: 0 };
const NATS_RESTART_SHARE = 0.15;

const nats = await dialNats({ url: fleet.natsUrl, name: 'checker', log });
if (!nats.ok) throw new Error(nats.error.message);
const state = await openJetStreamState({
  ...{ nats: nats.value, timers: realPorts.timers, log, cluster: fleet.cluster, name: 'ACTORS' },
});
if (!state.ok) throw new Error(state.error.message);
state.value.watch('act.counter.', store.hear);

for (const node of fleet.nodes) await fleet.start(node);
if (!fleet.nodes.every(({ isReady }) => isReady)) await giveUp('not all nodes have started');
const client = await startClient(fleet);
const { virtual } = client;
const counter = counterOf('client');
const registered = await virtual.register(counter, { host: false });
if (!registered.ok) throw new Error(registered.error.message);

// Right after a start nothing may be owned that an earlier life could own: the first asks wait for that.
await settled(keys.slice(0, 20), 60_000);
say(
  `${fleet.nodes.length} nodes, ${keys.length} keys, seed ${values.seed}, ${forMs / 1_000} s of faults`,
);
const startedMs = clock.monotonicMs();
const endMs = startedMs + forMs;
const clients = Array.from({ length: CLIENTS }, (_, at) => askUntil(endMs, at));
await breakUntil(fleet, endMs);
await Promise.all(clients);
for (const node of fleet.nodes) await mend(fleet, node);
const final = await settled(keys, HEALED_WITHIN_MS);

let lost = 0;
for (const [key, count] of final) lost += acks.settle(key, count);
const silent = keys.filter((key) => !final.has(key));
const turned = overlaps(fleet.turnsFiles());
const violations = [...store.violations, ...turned.violations, ...acks.violations];
const report = {
  seed: values.seed,
  seconds: Math.round(forMs / 1_000),
  nodes: fleet.nodes.length,
  keys: keys.length,
  ...counts,
  exitsByThemselves: fleet.nodes.reduce((sum, { exits }) => sum + exits, 0),
  failOvers: store.failOvers,
  activations: turned.activations,
  turns: turned.turns,
  writes: store.writes,
  writesNotSeen: store.missed,
  acknowledged: acks.acknowledged,
  unknown: acks.unknown,
  notDelivered: acks.notDelivered,
  epochsWithTwoWriters: store.violations.length,
  overlappingActivations: turned.violations.length,
  acknowledgedLost: lost,
  keysWithoutAnswer: silent.length,
  violations: violations.slice(0, 20),
};
const isGood =
  violations.length === 0 &&
  lost === 0 &&
  silent.length === 0 &&
  report.exitsByThemselves === 0 &&
  acks.acknowledged > 0;
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else for (const [name, value] of Object.entries(report)) say(`${name.padEnd(24)} ${value}`);
await client.close();
await state.value.close();
await nats.value.close();
await fleet.close();
process.exit(isGood ? 0 : 1);

async function giveUp(why: string): Promise<never> {
  process.stderr.write(`${why}\n`);
  await fleet.close();
  process.exit(2);
}

async function askUntil(untilMs: number, at: number): Promise<void> {
  const { next } = seededRandom(`activation/${values.seed}/client/${at}`);
  while (clock.monotonicMs() < untilMs) {
    const key = keys[Math.floor(next() * keys.length)] as string;
    const result = await virtual
      .get(counter, key)
      .ask('increment', undefined, { timeoutMs: ASK_TIMEOUT_MS });
    if (result.kind === 'answered') acks.answered(key, result.value.count);
    else if (result.kind === 'unknown') acks.mayHaveCounted(key);
    else acks.notDelivered++;
    await sleep(next() * 20);
  }
}

/** The counts of keys, as soon as each answers. */
async function settled(wanted: readonly string[], withinMs: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const lastMs = clock.monotonicMs() + withinMs;
  while (found.size < wanted.length && clock.monotonicMs() < lastMs) {
    const missing = wanted.filter((key) => !found.has(key));
    await Promise.all(
      missing.slice(0, CLIENTS).map(async (key) => {
        const result = await virtual.get(counter, key).ask('read', undefined, { timeoutMs: 5_000 });
        if (result.kind === 'answered') found.set(key, result.value.count);
      }),
    );
  }
  return found;
}

async function breakUntil(all: Fleet, untilMs: number): Promise<void> {
  const between = (least: number, most: number): number => least + random.next() * (most - least);
  const mending: Promise<void>[] = [];
  while (clock.monotonicMs() < untilMs) {
    await sleep(between(500, 4_000));
    if (values.nats && random.next() < NATS_RESTART_SHARE) {
      say(`${seconds()} NATS is restarted`);
      counts.natsRestarts++;
      all.restartNats();
      continue;
    }
    const healthy = all.nodes.filter(({ fault, isReady }) => fault === undefined && isReady);
    const node = healthy[Math.floor(random.next() * healthy.length)];
    const draw = random.next();
    const lastsMs = between(1_000, 15_000);
    if (!node || all.nodes.length - healthy.length >= FAULTS_AT_ONCE) continue;
    const isLong = draw < 0.35;
    if (isLong) {
      say(`${seconds()} kill -9 of node ${node.at}`);
      counts.kills++;
      node.fault = 'kill';
      all.kill(node);
    } else if (draw < 0.7) {
      say(`${seconds()} node ${node.at} stands still for ${Math.round(lastsMs)} ms`);
      counts.pauses++;
      node.fault = 'pause';
      node.child?.kill('SIGSTOP');
    } else {
      const way = draw < 0.85 ? 'reset' : 'silent';
      say(`${seconds()} node ${node.at} is cut off for ${Math.round(lastsMs)} ms (${way})`);
      counts.cuts++;
      node.fault = 'cut';
      node.proxy.cut(way);
    }
    mending.push(sleep(isLong ? lastsMs / 4 : lastsMs).then(() => mend(all, node)));
  }
  await Promise.all(mending);
}

async function mend(all: Fleet, node: FleetNode): Promise<void> {
  const { fault } = node;
  node.fault = undefined;
  if (fault === 'pause') node.child?.kill('SIGCONT');
  if (fault === 'cut') node.proxy.heal();
  if (node.isReady) return;
  counts.restarts++;
  await all.start(node);
}

function seconds(): string {
  return `${((clock.monotonicMs() - startedMs) / 1_000).toFixed(1).padStart(6)} s`;
}

function durationMs(text: string): number {
  const [, figure, unit] = /^(\d+(?:\.\d+)?)(s|m)$/.exec(text) ?? [];
  if (figure === undefined) throw new Error(`--for takes 90s or 5m, not ${text}`);
  return Number(figure) * (unit === 'm' ? 60_000 : 1_000);
}
