/**
 * How long is a virtual actor away when its node dies? From `kill -9` of the owner's process to the first answered ask, which
 * another node gives, with the default terms of leases. Real nodes around a real nats-server; one JSON object a line, beside the
 * longest that the terms allow: the lease has to run out by the clocks of the others, then a round of tries.
 *
 *     node bench/cluster/failover.ts [--rounds=12]
 */
import { parseArgs } from 'node:util';
import { counterOf } from '../../scripts/activation/counter.ts';
import { sleep, startClient, startFleet } from '../../scripts/activation/fleet.ts';
import { DEFAULT_TERMS, VIRTUAL_TERMS } from '../../src/cluster/index.ts';
import { realPorts } from '../../src/host/index.ts';
import { percentile, rounded } from '../harness/statistics.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '12' }, only: { type: 'string' } },
});
const ROUNDS = Number(values.rounds);
const NODES = 3;
const ALLOWED_MS = VIRTUAL_TERMS.ttlMs * (1 + DEFAULT_TERMS.driftRatio) + 1_000;
const ROUND_MS = 60_000;

const nowMs = realPorts.clock.monotonicMs;
const fleet = await startFleet(NODES);
for (const node of fleet.nodes) await fleet.start(node);
const client = await startClient(fleet);
const { virtual } = client;
const counter = counterOf('client');
const registered = await virtual.register(counter, { host: false });
if (!registered.ok) throw new Error(registered.error.message);

/** @returns who answered first */
async function answeredBy(key: string): Promise<string> {
  const endMs = nowMs() + ROUND_MS;
  while (nowMs() < endMs) {
    const result = await virtual.get(counter, key).ask('read', undefined, { timeoutMs: 1_000 });
    if (result.kind === 'answered') return result.value.node;
    await sleep(10);
  }
  throw new Error(`${key} did not answer in ${ROUND_MS} ms`);
}

const awayMs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const key = `round-${round}`;
  const owner = await answeredBy(key);
  // At another moment of the lease each time.
  await sleep(300 + 137 * round);
  const node = fleet.nodes.find(({ id }) => id === owner);
  if (!node || (await answeredBy(key)) !== owner) throw new Error(`${key} has moved by itself`);
  const killedMs = nowMs();
  fleet.kill(node);
  const next = await answeredBy(key);
  awayMs.push(nowMs() - killedMs);
  if (next === owner) throw new Error('a dead node has answered');
  await fleet.start(node);
}

const say = (metric: string, value: number): void => {
  const figure = rounded(value);
  const figures = { n: awayMs.length, median: figure, min: figure, max: figure };
  const beside = { baseline: 'terms', baselineMedian: ALLOWED_MS };
  const line = { suite: 'cluster', metric, unit: 'ms', ...figures, ...beside };
  process.stdout.write(`${JSON.stringify({ ...line, ratio: rounded(value / ALLOWED_MS) })}\n`);
};
say('virtual actor away after kill -9, p50', percentile(awayMs, 0.5).value);
say('virtual actor away after kill -9, p99', percentile(awayMs, 0.99).value);
await client.close();
await fleet.close();
process.exit(0);
