/**
 * A node's doubt in itself: who misses answers may be the one that is slow. The worse its score, the longer it waits before it
 * suspects others. After Lifeguard (Dadgar, Phillips, Currey 2018, IV-A).
 */
const SCORE_MAX = 8;

export class LocalHealth {
  #score = 0;

  /** 0 is healthy. */
  get score(): number {
    return this.#score;
  }

  worse(by = 1): void {
    this.#score = Math.min(SCORE_MAX, this.#score + by);
  }

  better(): void {
    this.#score = Math.max(0, this.#score - 1);
  }

  scale(ms: number): number {
    return ms * (this.#score + 1);
  }
}
