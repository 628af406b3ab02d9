/** Asks the members of a cluster who they are, without becoming one: a key for the occasion, and a question that tells of nobody. */
import type { Log, NodeId, PacketBus, Ports, ThreadName } from '../../contracts/index.ts';
import {
  KnownKeys,
  type Mismatches,
  newSeed,
  nodeKeyOf,
  RefusedPackets,
  SealedDatagrams,
} from '../../transport/index.ts';
import { gossipSubject } from './gossip.ts';
import { decodeGossip, encodeGossip } from './gossip-codec.ts';
import type { MemberReport } from './member.ts';
import { reportOf } from './statement.ts';

export interface GossipProbe {
  readonly cluster: string;
  readonly bus: PacketBus;
  readonly ports: Ports;
  readonly log: Log;
  /** How long answers are waited for. */
  readonly waitMs: number;
}

export interface Probed {
  /** Who answered, and whom those know as there. Nobody, where only listed keys are taken. */
  readonly members: readonly MemberReport[];
  /** Who speaks no version of the wire that this Skein does. */
  readonly mismatches: Mismatches;
  /** Answers that are no gossip. */
  readonly unreadable: number;
}

const QUESTION = encodeGossip({
  kind: 'sync',
  said: [],
  known: new Uint8Array(0),
  isReply: false,
});

export function askMembers({ cluster, bus, ports, log, waitMs }: GossipProbe): Promise<Probed> {
  const { clock, timers, random } = ports;
  const { promise, resolve } = Promise.withResolvers<Probed>();
  const key = nodeKeyOf(newSeed(random));
  const members = new Map<NodeId, MemberReport>();
  const gone = new Set<NodeId>();
  let unreadable = 0;
  const refused = new RefusedPackets({ timers, log });
  const datagrams = new SealedDatagrams({
    self: { node: key.id, thread: 'gossip' as ThreadName },
    identity: { key, book: new KnownKeys() },
    epoch: 0,
    subjectOf: (node) => gossipSubject(cluster, node),
    ...{ bus, clock, timers, random, refused },
    onMet: (node) => datagrams.send(node, QUESTION),
    onPacket: (_node, body) => {
      const message = decodeGossip(body);
      if (!message.ok) unreadable++;
      for (const said of message.ok ? message.value.said : []) {
        if (said.kind === 'self' && said.status === 'alive') members.set(said.node, reportOf(said));
        else if (said.kind === 'self' || said.status === 'dead') gone.add(said.node);
      }
    },
    onCall: () => undefined,
  });
  datagrams.call(null);
  timers.after(waitMs, () => {
    datagrams.close();
    for (const node of gone) members.delete(node);
    resolve({ members: [...members.values()], mismatches: refused.mismatches(), unreadable });
  });
  return promise;
}
