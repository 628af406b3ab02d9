/**
 * How much longer do good messages take while somebody without a key floods a node? A real nats-server; the node, whoever asks it and
 * the flood are processes of their own. Windows with and without the flood follow each other in the same run; one JSON object.
 *
 *     node bench/flood/flood.ts [--rounds=4] [--rate=20000]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { NodeId, ThreadName } from '../../src/contracts/index.ts';
import { realPorts } from '../../src/host/index.ts';
import { createLog } from '../../src/telemetry/index.ts';
import {
  connectNats,
  PeerSessions,
  RefusedPackets,
  simulatedIdentity,
} from '../../src/transport/index.ts';
import { startTestNats } from '../../tests/support/nats.ts';
import { percentile, rounded } from '../harness/statistics.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
});
const WINDOW_MS = 3_000;
const EVERY_MS = 5;
const MAIN = 'main' as ThreadName;
const PART = new URL('./parts/flooded.ts', import.meta.url);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const nats = await startTestNats();
const part = async (role: string): Promise<ChildProcess> => {
  const child = fork(PART, [role, nats.url, values.rate], { stdio: 'inherit' });
  await new Promise((resolve) => child.once('message', resolve));
  return child;
};
const node = await part('node');
const flood = await part('flood');
const figures = (child: ChildProcess): Promise<Readonly<Record<string, number>>> =>
  new Promise((resolve) => {
    child.once('message', (message) => resolve(message as Record<string, number>));
    child.send('figures');
  });

const { clock, timers, random } = realPorts;
const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
const bus = await connectNats({ url: nats.url, name: 'asker', log });
if (!bus.ok) throw new Error(bus.error.message);
const sessions = new PeerSessions({
  self: { node: 'n-asker' as NodeId, thread: MAIN },
  identity: simulatedIdentity('n-asker' as NodeId),
  epoch: 1,
  cluster: 'bench',
  bus: bus.value,
  ...{ clock, timers, random },
  onPeer: () => undefined,
  refused: new RefusedPackets({ timers, log }),
});
const port = sessions.open({ node: 'n-node' as NodeId, thread: MAIN });
const sentMs = new Map<number, number>();
let times: number[] = [];
let asked = 0;
port.onFrame((frame) => {
  const number = Buffer.from(frame).readUInt32LE(0);
  times.push(clock.monotonicMs() - (sentMs.get(number) ?? 0));
  sentMs.delete(number);
});

/** Of one processor, by the node. */
const cpuShares: Record<'quiet' | 'flooded', number[]> = { quiet: [], flooded: [] };

async function window(isFlooded: boolean): Promise<readonly number[]> {
  flood.send(isFlooded ? 'begin' : 'end');
  await sleep(500);
  times = [];
  const { cpuMs: before = 0 } = await figures(node);
  const startMs = clock.monotonicMs();
  const endMs = clock.monotonicMs() + WINDOW_MS;
  while (clock.monotonicMs() < endMs) {
    const frame = Buffer.alloc(256);
    frame.writeUInt32LE(++asked, 0);
    sentMs.set(asked, clock.monotonicMs());
    port.post(frame);
    await sleep(EVERY_MS);
  }
  const { cpuMs: after = 0 } = await figures(node);
  const took = clock.monotonicMs() - startMs;
  cpuShares[isFlooded ? 'flooded' : 'quiet'].push((after - before) / took);
  await sleep(500);
  return times;
}

await window(false);
const all: Record<'quiet' | 'flooded', number[]> = { quiet: [], flooded: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  all.quiet.push(...(await window(false)));
  all.flooded.push(...(await window(true)));
}
flood.send('end');
const [{ sent = 0, seconds = 1 }, { refused = 0 }] = [await figures(flood), await figures(node)];
const p99 = (list: readonly number[]): number => percentile(list, 0.99).value;
const line = {
  suite: 'flood',
  metric: 'answer of a node under a flood of forged packets, p99',
  unit: 'ms',
  n: all.flooded.length,
  median: rounded(p99(all.flooded)),
  min: rounded(percentile(all.flooded, 0.5).value),
  max: rounded(Math.max(...all.flooded)),
  baseline: 'the same without the flood',
  baselineMedian: rounded(p99(all.quiet)),
  ratio: rounded(p99(all.flooded) / p99(all.quiet)),
  forgedASecond: Math.round(sent / seconds),
  refused,
  unanswered: sentMs.size,
  cpuShareQuiet: rounded(percentile(cpuShares.quiet, 0.5).value),
  cpuShareFlooded: rounded(percentile(cpuShares.flooded, 0.5).value),
};
process.stdout.write(`${JSON.stringify(line)}\n`);
for (const child of [node, flood]) child.kill('SIGKILL');
await bus.value.close();
await nats.close();
process.exit(0);
