/** The decisions of late, by policy and request; who was not asked for longest falls out. */
import type { Decision } from './policy-request.ts';

/** Together some 4 MiB at most: longer requests are decided anew each time. */
const DECISIONS_MAX = 2_048;
const KEY_LENGTH_MAX = 2_000;

export class DecisionCache {
  readonly #max: number;
  readonly #held = new Map<string, Decision>();

  constructor(max = DECISIONS_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#held.size;
  }

  get(policyHash: string, request: string): Decision | undefined {
    const key = `${policyHash} ${request}`;
    const found = this.#held.get(key);
    if (!found) return undefined;
    this.#held.delete(key);
    this.#held.set(key, found);
    return found;
  }

  set(policyHash: string, request: string, decision: Decision): void {
    if (request.length > KEY_LENGTH_MAX || this.#max === 0) return;
    const [oldest] = this.#held.keys();
    if (this.#held.size >= this.#max && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(`${policyHash} ${request}`, { ...decision, cached: true });
  }
}
