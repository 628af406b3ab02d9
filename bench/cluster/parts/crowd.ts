/**
 * A process that holds many members, each a whole `Gossip`, on a few NATS connections: what a cluster of a thousand says and costs,
 * without a thousand processes. Members of one connection hear each other through the server as all others do. Tells its parent
 * of every death with its time, and on demand of its costs. `node crowd.ts NATS_URL CONNECTIONS [LOSS]`
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Gossip, isGone } from '../../../src/cluster/index.ts';
import type { NodeId, PacketBus } from '../../../src/contracts/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { createLog } from '../../../src/telemetry/index.ts';
import { simulatedIdentity } from '../../../src/transport/index.ts';
import { nowMs } from './clock.ts';
import type { CrowdReport, Gone, ToCrowd } from './crowd-talk.ts';

const [, , url = '', connections = '1', loss = '0'] = process.argv;
const { random } = realPorts;
const log = createLog({ level: 'silent', format: 'json', clock: realPorts.clock, bindings: {} });

interface Member {
  readonly gossip: Gossip;
  readonly die: () => void;
  /** When it knew as many as it was told to expect. */
  completeMs: number;
}

const wires: NatsConnection[] = await Promise.all(
  Array.from({ length: Number(connections) }, () => connect({ servers: url })),
);
const members = new Map<string, Member>();
let expected = Number.POSITIVE_INFINITY;
let gone: Gone[] = [];
let suspicions = 0;

/** A member's share of a connection: falls silent when it dies, and loses what it is told to, coming and going. */
function share(wire: NatsConnection): { readonly bus: PacketBus; readonly silence: () => void } {
  let isSilent = false;
  const lossShare = Number(loss);
  const isLost = (): boolean => isSilent || (lossShare > 0 && random.next() < lossShare);
  const bus: PacketBus = {
    publish: (subject, packet) => {
      if (!isLost()) wire.publish(subject, packet);
    },
    subscribe: (subject, receive) => {
      const subscription = wire.subscribe(subject, {
        callback: (error, { data }) => {
          if (error === null && !isLost()) receive(data);
        },
      });
      return () => subscription.unsubscribe();
    },
    onReturn: () => undefined,
    isConnected: () => true,
  };
  return {
    bus,
    silence: () => {
      isSilent = true;
    },
  };
}

function start(id: string, at: number): void {
  const { bus, silence } = share(wires[at % wires.length] as NatsConnection);
  const gossip = new Gossip({
    self: id as NodeId,
    identity: simulatedIdentity(id as NodeId),
    epoch: 1,
    cluster: 'crowd',
    facts: { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '' },
    bus,
    ports: { ...realPorts, random: random.fork(id) },
    log,
    onChange: (member) => {
      if (member.status === 'suspect') suspicions++;
      if (isGone(member)) gone.push({ by: id, node: member.node, atMs: nowMs() });
    },
  });
  const die = (): void => {
    silence();
    gossip.close();
    members.delete(id);
  };
  members.set(id, { gossip, die, completeMs: 0 });
}

/** Counted a few times a second: to count at each change would cost more than what is measured. */
setInterval(() => {
  for (const member of members.values()) {
    if (member.completeMs === 0 && member.gossip.members().length >= expected) {
      member.completeMs = nowMs();
    }
  }
}, 50);

function report(): CrowdReport {
  const sums = { sentBytes: 0, sentPackets: 0, receivedPackets: 0 };
  let refusedPackets = 0;
  for (const { gossip } of members.values()) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[])
      sums[name] += gossip.counts[name];
    for (const count of Object.values(gossip.refused())) refusedPackets += count;
  }
  const complete = [...members.values()].map(({ completeMs }) => completeMs);
  const { user, system } = process.cpuUsage();
  const told = gone;
  gone = [];
  return {
    ...sums,
    refusedPackets,
    members: members.size,
    complete: complete.filter((ms) => ms > 0).length,
    completeMs: Math.max(0, ...complete),
    cpuMs: (user + system) / 1_000,
    receivedBytes: wires.reduce((sum, wire) => sum + wire.stats().inBytes, 0),
    suspicions,
    gone: told,
  };
}

process.on('message', (message: ToCrowd) => {
  switch (message.kind) {
    case 'start':
      expected = message.expected;
      message.ids.forEach((id, at) => {
        setTimeout(() => start(id, at), (at * message.spreadMs) / message.ids.length);
      });
      break;
    case 'die':
      for (const id of message.ids) members.get(id)?.die();
      break;
    case 'report':
      process.send?.(report());
      break;
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
