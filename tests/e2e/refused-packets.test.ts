import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NodeId, ThreadName } from '../../src/contracts/index.ts';
import { realRandom } from '../../src/host/index.ts';
import { writeHello } from '../../src/transport/hello.ts';
import { connectNats, newSeed, nodeKeyOf, WIRE_VERSIONS } from '../../src/transport/index.ts';
import { PACKET, shortHead } from '../../src/transport/packet.ts';
import { newExchangeKey } from '../../src/transport/session-keys.ts';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { recordingLog } from '../support/systems.ts';
import { until } from '../support/until.ts';

const data = dataDir();
const logLines: string[] = [];
let node: ChildProcess;
let metricsUrl = '';

interface Shown {
  readonly node: string;
  readonly cluster: {
    readonly nats: string;
    readonly natsCredsFile: string;
    readonly refused: Readonly<Record<string, number>>;
  };
}

const status = async (): Promise<Shown> => {
  const { stdout } = await skein(['status', '--json'], data.path);
  const shown = JSON.parse(stdout) as Shown & { value?: Shown };
  return shown.value ?? shown;
};

beforeAll(async () => {
  const options = ['--cluster', 'refusing', '--threads', '1', '--metrics-port', '0'];
  node = startSkein(['up', '--json', ...options, '--log', 'warn'], data.path);
  let said = '';
  node.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  let errors = '';
  node.stderr?.on('data', (chunk) => {
    errors += chunk;
    const lines = errors.split('\n');
    errors = lines.pop() ?? '';
    logLines.push(...lines);
  });
  metricsUrl = await until('the node is ready', () => /"metricsUrl":"([^"]+)"/.exec(said)?.[1]);
});

afterAll(async () => {
  const ended = finished(node);
  node.kill('SIGINT');
  await ended;
  data.remove();
});

it('counts each bad signature once in the status and the metric, and tells of all in few lines', async () => {
  const shown = await status();
  const bus = await connectNats({
    url: shown.cluster.nats,
    credsFile: shown.cluster.natsCredsFile,
    name: 'forger',
    log: recordingLog().log,
  });
  if (!bus.ok) throw new Error(bus.error.message);
  const [claimed, own] = [nodeKeyOf(newSeed(realRandom)), nodeKeyOf(newSeed(realRandom))];
  const subject = `skein.refusing.gossip.${shown.node}`;
  const hello = {
    node: claimed.id as NodeId,
    thread: 'gossip' as ThreadName,
    epoch: 1,
    key: claimed.publicKey,
    half: newExchangeKey(realRandom).public,
    direct: null,
    wire: WIRE_VERSIONS,
  };
  for (let each = 1; each <= 25; each++) {
    const head = { ...shortHead(PACKET.hello, { from: each, to: 0 }), seq: each };
    bus.value.publish(subject, writeHello(head, hello, { key: own, subject }));
  }
  await until('all are counted', async () => (await status()).cluster.refused.forged === 25);
  await bus.value.close();
  const scrape = await (await fetch(metricsUrl)).text();
  expect(scrape).toMatch(/^skein_refused_packets_total\{[^}]*reason="forged"[^}]*\} 25( |$)/m);
  const told = await until('all are told of', () => {
    const lines = logLines
      .filter((line) => line.includes('packets were refused'))
      .map((line) => JSON.parse(line) as { bySender?: Record<string, { forged?: number }> });
    const counts = lines.map(({ bySender }) => bySender?.[`${claimed.id}/gossip`]?.forged ?? 0);
    return counts.reduce((sum, count) => sum + count, 0) === 25 && counts;
  });
  expect(told.length).toBeLessThanOrEqual(2);
});
