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

const CONFIRMATIONS = 2;
const FACTOR = 4;
const SPREAD = 4;
/** So many have to say that a member is dead before others believe it at once. */
export const MOURNERS = 2;

/** In a cluster of so many, each of which asks one other every `probeMs`. */
export function suspicionLimits(members: number, probeMs: number): SuspicionLimits {
  const minMs = FACTOR * Math.max(1, Math.log10(members)) * probeMs;
  const confirmations = confirmationsFor(members, CONFIRMATIONS);
  return { minMs, maxMs: SPREAD * minMs, confirmations };
}

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
  readonly #limits: SuspicionLimits;
  /** Who suspects it; the first does not confirm itself. */
  readonly #voices: Set<NodeId>;
  /** Who has waited out the time and says that it is dead. */
  readonly #mourners = new Set<NodeId>();
  readonly #askMs: number;
  #askAtMs: number;

  /** `askMs`: how often the member itself is asked meanwhile; Infinity: not by this one. */
  constructor(
    by: NodeId,
    startMs: number,
    limits: SuspicionLimits,
    askMs = Number.POSITIVE_INFINITY,
  ) {
    this.#startMs = startMs;
    this.#askMs = askMs;
    this.#askAtMs = startMs + askMs;
    this.#limits = limits;
    this.#voices = new Set([by]);
  }

  get deadlineMs(): number {
    return this.#startMs + suspicionMs(this.#limits, this.#voices.size - 1);
  }

  get askAtMs(): number {
    return this.#askAtMs;
  }

  asked(nowMs: number): void {
    this.#askAtMs = nowMs + this.#askMs;
  }

  postpone(byMs: number): void {
    this.#startMs += byMs;
  }

  /** Whether that is a voice not heard before, and there is need of one. */
  needs(by: NodeId, status: 'suspect' | 'dead'): boolean {
    if (status === 'dead') return !this.#mourners.has(by);
    return this.#voices.size <= this.#limits.confirmations && !this.#voices.has(by);
  }

  /** One that is mistaken, or lies, buries nobody: two have to have waited out the time. @returns whether two have */
  mourn(by: NodeId): boolean {
    this.#mourners.add(by);
    return this.#mourners.size >= MOURNERS;
  }

  /** @returns whether it was needed */
  confirm(by: NodeId): boolean {
    if (!this.needs(by, 'suspect')) return false;
    this.#voices.add(by);
    return true;
  }
}
