/** Delays between tries: one rule for restarts, retries and reconnects. */
import { invariant, type Random } from '../contracts/index.ts';

export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
  /** Up to this share of the delay is added at random, 0..1. */
  readonly jitterRatio: number;
}

/**
 * Delay before try number `attempt` (1-based): doubles from `minMs`, capped at `maxMs`, then up to `jitterRatio` more, so
 * those that fell together do not return together. 100..1000 without jitter gives 100, 200, 400, 800, 1000, 1000.
 * @returns milliseconds
 */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: Random): number {
  invariant(attempt >= 1 && backoff.minMs <= backoff.maxMs, 'backoff counts from 1 and grows');
  const baseMs = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempt - 1, 52));
  return baseMs * (1 + random.next() * backoff.jitterRatio);
}
