/**
 * A process that is a member and nothing else, as a node is: gossip on a worker thread with a connection of its own when the main
 * thread is to be busy, in the main thread otherwise. Tells its parent of everybody who comes or goes.
 * `node member.ts ID NATS_URL [OPTIONS_AS_JSON]`
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Gossip, isGone, type MemberReport } from '../../../src/cluster/index.ts';
import type { NodeId, PacketBus } from '../../../src/contracts/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { createLog } from '../../../src/telemetry/index.ts';
import { connectNats, simulatedIdentity } from '../../../src/transport/index.ts';
import { nowMs } from './clock.ts';
import type { FromMember, MemberOptions } from './member-process.ts';

const [, , id = '', url = '', optionsText = '{}'] = process.argv;
const options = JSON.parse(optionsText) as MemberOptions;
const TELL_MS = 50;
/** A loop works for a while and lets timers run, as a busy main thread does. */
const SLICE_MS = 100;

const say = (message: FromMember): void => void process.send?.(message);

if (!isMainThread && workerData === 'busy') spin(Number.POSITIVE_INFINITY);
else if (!isMainThread || options.busy === undefined) await gossip();
else {
  // In a worker `process.send` is not there: what it says is passed on.
  const argv = process.argv.slice(2);
  const worker = new Worker(new URL(import.meta.url), { argv, workerData: 'gossip' });
  worker.on('message', say);
  for (let at = 0; at < options.busy.workers; at++) {
    new Worker(new URL(import.meta.url), { argv, workerData: 'busy' });
  }
  const busyMs = SLICE_MS * options.busy.mainShare;
  setInterval(() => spin(busyMs), SLICE_MS);
}
if (isMainThread) process.on('disconnect', () => process.exit(0));

async function gossip(): Promise<void> {
  const { parentPort } = await import('node:worker_threads');
  const tell = (message: FromMember): void =>
    isMainThread ? say(message) : parentPort?.postMessage(message);
  const log = createLog({ level: 'silent', format: 'json', clock: realPorts.clock, bindings: {} });
  const bus = await connectNats({ url, name: id, log });
  if (!bus.ok) throw new Error(bus.error.message);
  tell({ connectedMs: nowMs() });
  const onChange = ({ node, status }: MemberReport): void => {
    if (node === id) return;
    const atMs = nowMs();
    if (isGone({ status })) tell({ gone: node, atMs });
    else if (status === 'suspect') tell({ suspects: node, atMs });
    else tell({ knows: node, atMs });
  };
  const running = new Gossip({
    self: id as NodeId,
    identity: simulatedIdentity(id as NodeId),
    epoch: 1,
    cluster: options.cluster ?? 'bench',
    facts: { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '' },
    bus: lossy(bus.value, options.loss ?? 0),
    ports: realPorts,
    log,
    onChange,
  });
  setInterval(() => {
    const { sentBytes, sentPackets } = running.counts;
    tell({ members: running.members().length, sentBytes, sentPackets });
  }, TELL_MS);
}

function lossy(bus: PacketBus, loss: number): PacketBus {
  if (loss === 0) return bus;
  const { random } = realPorts;
  const isLost = (): boolean => random.next() < loss;
  return {
    publish: (subject, packet) => {
      if (!isLost()) bus.publish(subject, packet);
    },
    subscribe: (subject, receive) =>
      bus.subscribe(subject, (packet) => {
        if (!isLost()) receive(packet);
      }),
    onReturn: bus.onReturn,
    isConnected: bus.isConnected,
  };
}

function spin(forMs: number): void {
  const endMs = nowMs() + forMs;
  while (nowMs() < endMs);
}
