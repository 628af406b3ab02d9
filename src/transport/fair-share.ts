/**
 * Who may still send on a link whose other side does not keep up. Up to a quarter of the bound everybody; up to the half still, but it
 * is counted who sends; beyond that only senders with no more than an equal share of what was sent meanwhile; at the bound nobody.
 * So one that floods is refused first, and the others find room.
 */
import { LIMITS } from '../contracts/index.ts';

const COUNTED_BYTES = LIMITS.linkBacklogBytes / 4;
const SHARED_BYTES = LIMITS.linkBacklogBytes / 2;
/** Beyond this many senders there is no flood of one. */
const SENDERS_MAX = 10_000;

export class FairShare {
  readonly #counts = new Map<unknown, number>();
  #total = 0;

  /** Counts the message when it may go. `sender` is whatever tells senders apart; undefined for those outside of actors. */
  admits(sender: unknown, backlogBytes: number): boolean {
    if (backlogBytes <= COUNTED_BYTES) {
      if (this.#total > 0) this.#forget();
      return true;
    }
    if (backlogBytes > LIMITS.linkBacklogBytes) return false;
    const count = this.#counts.get(sender) ?? 0;
    if (backlogBytes > SHARED_BYTES && count * this.#counts.size > this.#total) return false;
    if (this.#counts.size < SENDERS_MAX || count > 0) this.#counts.set(sender, count + 1);
    this.#total++;
    return true;
  }

  #forget(): void {
    this.#counts.clear();
    this.#total = 0;
  }
}
