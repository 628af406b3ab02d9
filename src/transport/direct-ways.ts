/** What sessions and direct links know of each other. */
import type { Peer } from './hello.ts';

/** Another way than the bus for the packets of one session: faster, and free to vanish. */
export interface DirectPath {
  readonly kind: 'unix' | 'tls';
  readonly send: (packet: Uint8Array) => void;
  readonly close: () => void;
}

/** What two ends tell each other about direct ways, each in its hello. The table itself does not look into it. */
export interface DirectWays {
  readonly offer: (session: SessionFacts) => unknown;
  /** Both ends know each other: the moment to look for a better way. `key` is known to them alone. */
  readonly opened: (session: SessionFacts, peerOffer: unknown, key: Uint8Array) => void;
  readonly ended: (session: SessionFacts) => void;
  readonly close: () => Promise<void>;
}

export interface SessionFacts {
  readonly id: number;
  readonly remoteId: number;
  readonly peer: Peer;
}
