/**
 * How often a skill may call its host: a token bucket that starts full, holds what one second gives, and is refilled by the run's own
 * clock. That clock moves with the answers and is on the tape, so a replay meets the same refusals. The bucket itself stands in the guest
 * (`guest-context.ts`), where a refusal costs the node nothing; the node believes no host and counts for itself.
 */

/** The bucket, for whoever runs a skill without a guest. */
export class CallRate {
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(perSecond: number, startMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAtMs = startMs;
  }

  /** Whether the next call would be one too many. */
  isEmpty(nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#perSecond, refilled);
    this.#filledAtMs = nowMs;
    return this.#tokens < 1;
  }

  /** A call is made. */
  take(): void {
    this.#tokens--;
  }
}

/**
 * The most calls that a bucket lets through while so much time passes: what it holds at the start and what it gets. A run may begin at an
 * earlier time than it is (its task was planned then), and its first answer fills the bucket once more; one call makes up for rounding.
 */
export const callsWithin = (perSecond: number, elapsedMs: number): number =>
  2 * perSecond + (perSecond * elapsedMs) / 1_000 + 1;
