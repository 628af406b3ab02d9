/** What a node and its thread of membership say to each other. */
import { pack, unpack } from 'msgpackr';
import type { FramePort } from '../../contracts/index.ts';
import type { Mismatches, RefusalCounts } from '../../transport/index.ts';
import type { GossipCounts } from './gossip.ts';
import type { MemberFacts, MemberReport } from './member.ts';
import type { PeerHealthReport } from './peer-health.ts';

export interface GossipReport {
  readonly counts: GossipCounts;
  readonly refused: RefusalCounts;
  readonly mismatches: Mismatches;
  /** How much the node doubts itself: 0 to 8. */
  readonly healthScore: number;
  readonly peers: readonly PeerHealthReport[];
}

export type ToGossip =
  | { readonly kind: 'describe'; readonly facts: MemberFacts }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'leave' };

export type FromGossip =
  | { readonly kind: 'ready' }
  | { readonly kind: 'changed'; readonly member: MemberReport }
  | { readonly kind: 'report'; readonly id: number; readonly report: GossipReport };

export const postControl = (port: FramePort, message: ToGossip | FromGossip): void =>
  port.post(new Uint8Array(pack(message)));

export const onControl = <M extends ToGossip | FromGossip>(
  port: FramePort,
  receive: (message: M) => void,
): void => port.onFrame((frame) => receive(unpack(frame) as M));
