/**
 * How long a member is suspected before it is declared dead: long while one alone suspects it, shorter with each that has found the
 * same by itself. After Lifeguard (Dadgar, Phillips, Currey 2018, IV-B).
 */
import type { NodeId } from '../../contracts/index.ts';

export interface SuspicionLimits {
  readonly minMs: number;
  readonly maxMs: number;
  /** So many others have to agree for the shortest time. */
  readonly confirmations: number;
}

/** At least one other has to be asked for its opinion; in a small cluster there are not more. */
export const confirmationsFor = (members: number, wanted: number): number =>
  Math.max(0, Math.min(wanted, members - 2));

export function suspicionMs(
  { minMs, maxMs, confirmations }: SuspicionLimits,
  heard: number,
): number {
  if (confirmations === 0) return minMs;
  const share = Math.log(heard + 1) / Math.log(confirmations + 1);
  return Math.max(minMs, maxMs - (maxMs - minMs) * share);
}

export class Suspicion {
  #startMs: number;
  #isHastened = false;
  readonly #limits: SuspicionLimits;
  /** Who suspects it; the first does not confirm itself. */
  readonly #voices: Set<NodeId>;

  constructor(by: NodeId, startMs: number, limits: SuspicionLimits) {
    this.#startMs = startMs;
    this.#limits = limits;
    this.#voices = new Set([by]);
  }

  get deadlineMs(): number {
    const { minMs } = this.#limits;
    return (
      this.#startMs + (this.#isHastened ? minMs : suspicionMs(this.#limits, this.#voices.size - 1))
    );
  }

  /** Somebody has waited to the end already: the shortest time is enough. */
  hasten(): void {
    this.#isHastened = true;
  }

  postpone(byMs: number): void {
    this.#startMs += byMs;
  }

  /** @returns whether that was a voice not heard before, and there was need of one */
  confirm(by: NodeId): boolean {
    if (this.#voices.size > this.#limits.confirmations || this.#voices.has(by)) return false;
    this.#voices.add(by);
    return true;
  }
}
