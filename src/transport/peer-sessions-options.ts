/** What the sessions of a thread are made with, and what they tell of themselves. */
import type { Clock, FramePort, PacketBus, Random, Timers } from '../contracts/index.ts';
import type { Peer } from './hello.ts';
import type { Identity } from './known-keys.ts';
import type { RefusedPackets } from './refused-packets.ts';
import type { WireRange } from './wire-versions.ts';

export interface PeerStatus extends Peer {
  readonly path: 'nats' | 'unix' | 'tls' | 'opening';
  /** Sent or waiting, not acknowledged. */
  readonly backlogBytes: number;
}

export interface PeerSessionsOptions {
  readonly self: Peer;
  readonly identity: Identity;
  /** Which life of the thread this is; a later one has a higher number. Hellos of earlier ones are refused. */
  readonly epoch: number;
  readonly cluster: string;
  readonly bus: PacketBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A session that another node opened, or opened anew. */
  readonly onPeer: (peer: Peer, port: FramePort) => void;
  readonly refused: RefusedPackets;
  /** Default: what this build speaks. */
  readonly wire?: WireRange;
}

/** Why a session is over whose other end closed it, or does not know it. */
export const ENDED_THERE = 'the other end has ended it';
