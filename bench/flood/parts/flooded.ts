/** The node that is flooded, which sends back what it gets; or the flood. `node flooded.ts ROLE NATS_URL RATE` */
import type { NodeId, ThreadName } from '../../../src/contracts/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { createLog } from '../../../src/telemetry/index.ts';
import {
  connectNats,
  PeerSessions,
  RefusedPackets,
  simulatedIdentity,
  subjectOf,
} from '../../../src/transport/index.ts';

const [, , role = '', url = '', rate = '20000'] = process.argv;
const { clock, timers, random } = realPorts;
const MAIN = 'main' as ThreadName;
const NODE = { node: 'n-node' as NodeId, thread: MAIN };
const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
const bus = await connectNats({ url, name: role, log });
if (!bus.ok) throw new Error(bus.error.message);
process.on('disconnect', () => process.exit(0));

if (role === 'node') {
  const sessions = new PeerSessions({
    self: NODE,
    identity: simulatedIdentity(NODE.node),
    epoch: 1,
    cluster: 'bench',
    bus: bus.value,
    ...{ clock, timers, random },
    onPeer: (_peer, port) => port.onFrame((frame) => port.post(frame)),
    refused: new RefusedPackets({ timers, log }),
  });
  process.on('message', () => {
    const refused = Object.values(sessions.refused()).reduce((sum, count) => sum + count, 0);
    const { user, system } = process.cpuUsage();
    process.send?.({ refused, cpuMs: (user + system) / 1_000 });
  });
} else {
  // What it sends are packets of the asker as they were on the bus, each changed in one bit: a hello, and one of the session.
  const subject = subjectOf('bench', NODE);
  const seen: Uint8Array[] = [];
  const end = bus.value.subscribe(subject, (packet) => {
    seen.push(new Uint8Array(packet));
    if (seen.length >= 8) end();
  });
  let isOn = false;
  let sent = 0;
  let onMs = 0;
  let owed = 0;
  let lastMs = clock.monotonicMs();
  setInterval(() => {
    const nowMs = clock.monotonicMs();
    const passedMs = nowMs - lastMs;
    lastMs = nowMs;
    if (!isOn || seen.length === 0) return;
    onMs += passedMs;
    owed += (passedMs * Number(rate)) / 1_000;
    for (; owed >= 1; owed--) {
      const packet = new Uint8Array(seen[sent % seen.length] as Uint8Array);
      // Beyond the head, so that it is the signature or the seal that tells; a number that has not come yet.
      new DataView(packet.buffer).setFloat64(24, 1e6 + sent, true);
      bus.value.publish(subject, packet);
      sent++;
    }
  }, 2);
  process.on('message', (message) => {
    if (message === 'figures') process.send?.({ sent, seconds: onMs / 1_000 });
    else isOn = message === 'begin';
  });
}
process.send?.('ready');
