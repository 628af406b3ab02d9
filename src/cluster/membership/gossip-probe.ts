/** Asks the members of a cluster who they are, without becoming one: a hello that tells of nobody. */
import type { NodeId, PacketBus, Timers } from '../../contracts/index.ts';
import { gossipSubject } from './gossip.ts';
import { decodeGossip, encodeGossip } from './gossip-codec.ts';
import { isGone, type MemberReport } from './member.ts';

export interface GossipProbe {
  readonly self: NodeId;
  readonly cluster: string;
  readonly bus: PacketBus;
  readonly timers: Timers;
  /** How long answers are waited for. */
  readonly waitMs: number;
}

export interface Probed {
  /** Who answered, and whoever those who answered know and do not think gone. */
  readonly members: readonly MemberReport[];
  /** Answers that are no gossip of this version. */
  readonly unreadable: number;
}

export function askMembers(probe: GossipProbe): Promise<Probed> {
  const { self, cluster, bus, timers, waitMs } = probe;
  const { promise, resolve } = Promise.withResolvers<Probed>();
  const members = new Map<NodeId, MemberReport>();
  let unreadable = 0;
  const end = bus.subscribe(gossipSubject(cluster, self), (packet) => {
    const envelope = decodeGossip(packet);
    if (typeof envelope === 'string') unreadable++;
    else if (envelope.message.kind === 'sync') {
      for (const report of envelope.message.members)
        if (!isGone(report)) members.set(report.node, report);
    }
  });
  bus.publish(
    gossipSubject(cluster, 'all'),
    encodeGossip({ from: self, message: { kind: 'hello', rumours: [] } }),
  );
  timers.after(waitMs, () => {
    end();
    resolve({ members: [...members.values()], unreadable });
  });
  return promise;
}
