/** Joins an actor system to others by a bus: from then on the actors of other nodes are reached like those of other threads. */
import { LIMITS, type PacketBus } from '../contracts/index.ts';
import { PeerSessions } from '../transport/index.ts';
import type { ActorSystem } from './actor-system.ts';

export interface JoinOptions {
  /** Systems of one cluster hear each other. Letters, digits, `-` and `_`. */
  readonly cluster: string;
  readonly bus: PacketBus;
}

/** Refused packets are logged at most this often. */
const REFUSAL_LOG_MS = 1_000;

/** Close the sessions before the bus. */
export function joinBus(system: ActorSystem, { cluster, bus }: JoinOptions): PeerSessions {
  const { node, thread, clock, timers, random, log } = system;
  const { nodes } = system.remote;
  let refused = 0;
  let isLogPlanned = false;
  const onRefused = (reason: string): void => {
    refused++;
    if (isLogPlanned) return;
    isLogPlanned = true;
    timers.after(REFUSAL_LOG_MS, () => {
      isLogPlanned = false;
      log.warn('packets were refused', {
        refused,
        reason: reason.slice(0, LIMITS.foreignKeyBytes),
      });
      refused = 0;
    });
  };
  const sessions = new PeerSessions({
    self: { node, thread },
    cluster,
    bus,
    clock,
    timers,
    random,
    onPeer: (peer, port) => void nodes.accept(peer, port),
    onRefused,
  });
  nodes.use((peer) => sessions.open(peer));
  return sessions;
}
