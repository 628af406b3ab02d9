/** A process that is a member and nothing else: tells its parent of everybody who goes. `node member.ts ID NATS_URL` */
import { Gossip, isGone } from '../../../src/cluster/index.ts';
import type { NodeId } from '../../../src/contracts/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { createLog } from '../../../src/telemetry/index.ts';
import { connectNats, simulatedIdentity } from '../../../src/transport/index.ts';

const [, , id = '', url = ''] = process.argv;
const log = createLog({ level: 'silent', format: 'json', clock: realPorts.clock, bindings: {} });
const bus = await connectNats({ url, name: id, log });
if (!bus.ok) throw new Error(bus.error.message);
const gossip = new Gossip({
  self: id as NodeId,
  identity: simulatedIdentity(id as NodeId),
  epoch: 1,
  cluster: 'bench',
  facts: { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '' },
  bus: bus.value,
  ports: realPorts,
  log,
  onChange: (member) => {
    if (isGone(member)) process.send?.({ gone: member.node });
  },
});
setInterval(() => {
  const { sentBytes } = gossip.counts;
  process.send?.({ members: gossip.members().length, sentBytes });
}, 50);
process.on('disconnect', () => process.exit(0));
