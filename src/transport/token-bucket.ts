/** A rate that is kept over time and may be exceeded for a moment: `burst` at once, `perSecond` after that. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(limit: { readonly perSecond: number; readonly burst: number }, nowMs: number) {
    this.#perMs = limit.perSecond / 1_000;
    this.#burst = limit.burst;
    this.#tokens = limit.burst;
    this.#atMs = nowMs;
  }

  has(nowMs: number): boolean {
    const grown = this.#tokens + Math.max(0, nowMs - this.#atMs) * this.#perMs;
    this.#tokens = Math.min(this.#burst, grown);
    this.#atMs = nowMs;
    return this.#tokens >= 1;
  }

  take(nowMs: number): boolean {
    if (!this.has(nowMs)) return false;
    this.#tokens--;
    return true;
  }
}
