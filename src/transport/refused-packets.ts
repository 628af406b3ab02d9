/**
 * Packets that were refused, by reason. They are counted as they come and told of once a second, all senders in one line and few
 * of them by name: whoever sends a storm of packets, under however many names, makes no storm of lines.
 */
import type { Log, Timers } from '../contracts/index.ts';

export type Refusal =
  /** No packet of this version, or a hello that says nothing sound. */
  | 'malformed'
  /** Too short to hold a signature or a MAC. */
  | 'unsigned'
  | 'forged'
  /** Of a session, or of a life of the sender, that is over. */
  | 'stale'
  | 'replayed'
  /** The node ID does not follow from the key, or had another, or the key is not on the list. */
  | 'wrong key'
  | 'too large'
  | 'too many';

export type RefusalCounts = Readonly<Partial<Record<Refusal, number>>>;

const TELL_MS = 1_000;
/** Senders with figures of their own in one line. Whoever is beyond is counted among the others. */
const SENDERS_MAX = 8;
const OTHERS = 'others';
const UNKNOWN = 'unknown';

export class RefusedPackets {
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #totals: Partial<Record<Refusal, number>> = {};
  #bySender = new Map<string, Partial<Record<Refusal, number>>>();

  constructor({ timers, log }: { readonly timers: Timers; readonly log: Log }) {
    this.#timers = timers;
    this.#log = log;
  }

  /** `sender` is who the packet says it is from: proved by nothing. */
  count(reason: Refusal, sender = UNKNOWN): void {
    this.#totals[reason] = (this.#totals[reason] ?? 0) + 1;
    if (this.#bySender.size === 0) this.#timers.after(TELL_MS, () => this.#tell());
    const isNamed = this.#bySender.has(sender) || this.#bySender.size < SENDERS_MAX;
    const name = isNamed ? sender : OTHERS;
    const counts = this.#bySender.get(name) ?? {};
    counts[reason] = (counts[reason] ?? 0) + 1;
    this.#bySender.set(name, counts);
  }

  /** Since the start. */
  totals(): RefusalCounts {
    return { ...this.#totals };
  }

  #tell(): void {
    this.#log.warn('packets were refused', { bySender: Object.fromEntries(this.#bySender) });
    this.#bySender = new Map();
  }
}
