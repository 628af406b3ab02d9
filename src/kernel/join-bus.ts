/** Joins an actor system to others by a bus: from then on the actors of other nodes are reached like those of other threads. */
import type { PacketBus, WhileAway } from '../contracts/index.ts';
import { type Identity, PeerSessions, RefusedPackets } from '../transport/index.ts';
import type { ActorSystem } from './actor-system.ts';

export interface JoinOptions {
  /** Systems of one cluster hear each other. Letters, digits, `-` and `_`. */
  readonly cluster: string;
  readonly bus: PacketBus;
  readonly identity: Identity;
  /** Default: that of the system. */
  readonly epoch?: number;
  /** Default `park`. */
  readonly whileAway?: WhileAway;
  /** Actors that other nodes may not send to, with all below them: `root/kv`, or `root/run-*`. Default: none. */
  readonly privatePaths?: readonly string[];
}

/** Close the sessions before the bus. */
export function joinBus(system: ActorSystem, options: JoinOptions): PeerSessions {
  const { node, thread, clock, timers, random, log } = system;
  const { nodes } = system.remote;
  const refused = new RefusedPackets({ timers, log });
  const sessions = new PeerSessions({
    epoch: system.epoch,
    ...options,
    self: { node, thread },
    clock,
    timers,
    random,
    onPeer: (peer, port) => void nodes.accept(peer, port),
    refused,
  });
  nodes.use((peer) => sessions.open(peer), {
    refuse: (peer) => refused.count('malformed', `${peer.node}/${peer.thread}`),
    whileAway: options.whileAway ?? 'park',
    privatePaths: options.privatePaths ?? [],
  });
  return sessions;
}
