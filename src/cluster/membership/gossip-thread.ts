/** What runs on the thread of membership: gossip over a NATS connection of its own, so that no work of the node holds it up. */

import type { NodeId } from '../../contracts/index.ts';
import type { ThreadMain } from '../../host/index.ts';
import { createLog, type LogLevel } from '../../telemetry/index.ts';
import { connectNats, KnownKeys, type NatsAccess, nodeKeyOf } from '../../transport/index.ts';
import { Gossip } from './gossip.ts';
import { type FromGossip, onControl, postControl, type ToGossip } from './gossip-control.ts';
import type { MemberFacts } from './member.ts';

/** What the thread is started with. */
export interface GossipBoot {
  readonly self: NodeId;
  readonly cluster: string;
  readonly nats: NatsAccess;
  /** The secret of the node's key. */
  readonly keySeed: Uint8Array;
  /** Whose gossip is taken, as `keyText` writes keys; undefined: anybody's. */
  readonly trustedKeys?: readonly string[] | undefined;
  /** Of this life of the thread. */
  readonly epoch: number;
  readonly facts: MemberFacts;
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
}

const main: ThreadMain = async ({ boot, ports, control }) => {
  const { self, cluster, nats, keySeed, trustedKeys, epoch, facts, ...rest } = boot as GossipBoot;
  const { log: logging } = rest;
  const bindings = { node: self, thread: 'gossip' };
  const log = createLog({ ...logging, clock: ports.clock, bindings });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const tell = (message: FromGossip): void => postControl(control, message);
  const bus = await connectNats({ ...nats, name: `${self}/gossip`, log, isPatient: true });
  if (!bus.ok) throw new Error(bus.error.message);
  const gossip = new Gossip({
    self,
    identity: { key: nodeKeyOf(keySeed), book: new KnownKeys(trustedKeys) },
    epoch,
    cluster,
    facts,
    bus: bus.value,
    ports,
    log,
    onChange: (member) => tell({ kind: 'changed', member }),
  });
  onControl<ToGossip>(control, (message) => {
    switch (message.kind) {
      case 'describe':
        return gossip.describe(message.facts);
      case 'report': {
        const { counts, healthScore } = gossip;
        const [refused, mismatches] = [gossip.refused(), gossip.mismatches()];
        const report = { counts, healthScore, refused, mismatches, peers: gossip.peerHealth() };
        return tell({ kind: 'report', id: message.id, report });
      }
      case 'leave':
        gossip.close();
        return end();
    }
  });
  tell({ kind: 'ready' });
  await ended;
  // What was said last has to leave before the connection does.
  await bus.value.close();
};

export default main;
