/** What a node does about a key that nobody owns, or that it owns and another should. Pure. */
import type { Standing } from './lease-watch.ts';

export interface ClaimPatience {
  /** The second in the order of preference waits so long for the first, the third twice as long. Default 2,000. */
  readonly patienceMs: number;
  /** A better candidate has to stay one for so long before the key is handed over to it. Default 5,000. */
  readonly handOverAfterMs: number;
}

export const DEFAULT_PATIENCE: ClaimPatience = { patienceMs: 2_000, handOverAfterMs: 5_000 };

export type ClaimMove =
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'take'; readonly over: number | undefined };

/** `rank`: the node's place in the order of preference, 0 is first, -1 not a candidate. */
export function judgeClaim(
  standing: Standing,
  { rank, nowMs, patienceMs }: { rank: number; nowMs: number; patienceMs: number },
): ClaimMove {
  if (rank < 0 || standing.kind === 'unknown') return { kind: 'wait', untilMs: Infinity };
  const fromMs = standing.fromMs + rank * patienceMs;
  if (nowMs < fromMs) return { kind: 'wait', untilMs: fromMs };
  return { kind: 'take', over: standing.kind === 'held' ? standing.revision : undefined };
}

const DOUBLINGS_MAX = 6;

/**
 * Since when another was preferred, until it is handed over. Each time a key comes back from one that did not take it, the next
 * attempt waits twice as long, up to 64 times.
 */
export function handOverAtMs(
  preferredSinceMs: number,
  { handOverAfterMs, inVain }: { readonly handOverAfterMs: number; readonly inVain: number },
): number {
  return preferredSinceMs + handOverAfterMs * 2 ** Math.min(inVain, DOUBLINGS_MAX);
}
