/**
 * The hash chain: what makes a changed, missing or reordered event visible. Each hash covers the hash before it and the
 * canonical text of its event, so the last hash speaks for all that came before. Pure.
 *
 *     genesis (64 zeros) -> hash(1) = sha256(genesis + text(1)) -> hash(2) = sha256(hash(1) + text(2)) -> ...
 *
 * A chain without a key proves that nothing changed by accident. Whoever can write the whole file can compute a new chain.
 */
import { hash } from 'node:crypto';

export interface ChainHead {
  /** Events in the chain; also the sequence of the last one. */
  readonly count: number;
  /** Hash of the last event, 64 hex characters. */
  readonly hash: string;
}

export const GENESIS: ChainHead = { count: 0, hash: '0'.repeat(64) };

/** The hash of the event with this canonical text, whose predecessor has `previousHash`. The hex text itself is hashed. */
export const linkHash = (previousHash: string, eventText: string): string =>
  hash('sha256', previousHash + eventText, 'hex');

/**
 * `linkHash`, and the same text cut out of what was hashed. That is one flat string, where the text as it was put together
 * is a tree of pieces that the storage would have to copy once more (a twentieth of an append).
 */
export function link(previousHash: string, eventText: string): { hash: string; text: string } {
  const linked = previousHash + eventText;
  return { hash: hash('sha256', linked, 'hex'), text: linked.slice(previousHash.length) };
}
