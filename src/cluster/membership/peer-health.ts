/**
 * How well each member answers this node: what an operator looks at when a node is slow but not dead. Nobody is suspected for it.
 * Averages are smoothed as TCP smooths round trips (RFC 6298: each new sample counts an eighth).
 */
import type { NodeId } from '../../contracts/index.ts';

export interface PeerHealthReport {
  readonly node: NodeId;
  /** Share of direct questions that it answered, the newest counting most: 1 is always, 0 never. */
  readonly score: number;
  /** Null before the first answer. */
  readonly roundTripMs: number | null;
  readonly heardMsAgo: number;
}

interface Peer {
  score: number;
  roundTripMs: number | undefined;
  heardMs: number;
  asked: { readonly seq: number; readonly atMs: number } | undefined;
}

const SAMPLE_SHARE = 1 / 8;

const smoothed = (before: number, sample: number): number =>
  before + SAMPLE_SHARE * (sample - before);

export class PeerHealth {
  readonly #peers = new Map<NodeId, Peer>();

  /** A question went to it. One before it that is open still was in vain. */
  asked(node: NodeId, seq: number, nowMs: number): void {
    const peer = this.#peer(node, nowMs);
    if (peer.asked) peer.score = smoothed(peer.score, 0);
    peer.asked = { seq, atMs: nowMs };
  }

  answered(node: NodeId, seq: number, nowMs: number): void {
    const peer = this.#peers.get(node);
    if (peer?.asked?.seq !== seq) return;
    const roundTripMs = nowMs - peer.asked.atMs;
    peer.score = smoothed(peer.score, 1);
    peer.roundTripMs =
      peer.roundTripMs === undefined ? roundTripMs : smoothed(peer.roundTripMs, roundTripMs);
    peer.asked = undefined;
  }

  /** It has said something, whatever. */
  heard(node: NodeId, nowMs: number): void {
    this.#peer(node, nowMs).heardMs = nowMs;
  }

  forget(node: NodeId): void {
    this.#peers.delete(node);
  }

  report(nowMs: number): readonly PeerHealthReport[] {
    return Array.from(this.#peers, ([node, { score, roundTripMs = null, heardMs }]) => ({
      node,
      score: Math.round(score * 100) / 100,
      roundTripMs: roundTripMs === null ? null : Math.round(roundTripMs * 10) / 10,
      heardMsAgo: Math.round(nowMs - heardMs),
    }));
  }

  #peer(node: NodeId, nowMs: number): Peer {
    const known = this.#peers.get(node);
    if (known) return known;
    const peer: Peer = { score: 1, roundTripMs: undefined, heardMs: nowMs, asked: undefined };
    this.#peers.set(node, peer);
    return peer;
  }
}
