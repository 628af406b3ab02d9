/**
 * Packets that were refused, by reason. They are counted as they come and told of once a second, all senders in one line and few
 * of them by name: whoever sends a storm of packets, under however many names, makes no storm of lines.
 */
import { LIMITS, type Log, type SkeinError, type Timers } from '../contracts/index.ts';

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
  /** Of a node that speaks no version of the wire that this one does. */
  | 'version'
  | 'too large'
  | 'too many';

export type RefusalCounts = Readonly<Partial<Record<Refusal, number>>>;

/** Why nothing is understood of a node, in a sentence, by its ID and thread. */
export type Mismatches = Readonly<Record<string, string>>;

const TELL_MS = 1_000;
/** Senders with figures of their own in one line. Whoever is beyond is counted among the others. */
const SENDERS_MAX = 8;
const OTHERS = 'others';
const UNKNOWN = 'unknown';

export class RefusedPackets {
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #totals: Partial<Record<Refusal, number>> = {};
  readonly #mismatches = new Map<string, string>();
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

  /** A node that proved itself and speaks another wire: told of once. @returns whether that is news */
  mismatch(sender: string, { code, message }: SkeinError): boolean {
    this.count('version', sender);
    if (this.#mismatches.get(sender) === message) return false;
    if (this.#mismatches.size >= LIMITS.peerKeys) return false;
    this.#mismatches.set(sender, message);
    this.#log.error('a node of the cluster speaks another wire', { code, reason: message });
    return true;
  }

  mismatches(): Mismatches {
    return Object.fromEntries(this.#mismatches);
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
