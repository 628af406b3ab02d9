/**
 * A bounded mailbox. At its capacity the policy decides: `refuse` gives the message back, `drop-oldest` gives back the one
 * that waited longest, `block-sender` parks it (bounded too) until there is room. Control signals have a lane of their own
 * in the cell and never come here.
 */
import { LIMITS } from '../contracts/index.ts';
import type { MailboxOptions, OverflowPolicy } from './actor.ts';
import type { Envelope } from './envelope.ts';
import { RingQueue } from './ring-queue.ts';

/** What becomes of a message that found the mailbox full. `dropped`: the oldest for `displaced`, the offered one else. */
export type Overflow =
  | { readonly kind: 'parked' }
  | { readonly kind: 'refused'; readonly dropped: Envelope }
  | { readonly kind: 'displaced'; readonly dropped: Envelope };

const PARKED: Overflow = { kind: 'parked' };

interface Parked {
  readonly envelope: Envelope;
  readonly admitted: () => void;
}

export class Mailbox {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly #queue = new RingQueue<Envelope>();
  #parked: RingQueue<Parked> | undefined;

  constructor(options: MailboxOptions = {}) {
    this.capacity = options.capacity ?? LIMITS.mailboxCapacity;
    this.overflow = options.overflow ?? 'refuse';
  }

  get length(): number {
    return this.#queue.length;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.parked === 0;
  }

  get parked(): number {
    return this.#parked?.length ?? 0;
  }

  /** @returns false when it is full: the policy decides then, in `overflowing`. */
  offer(envelope: Envelope): boolean {
    if (this.#queue.length >= this.capacity) return false;
    this.#queue.push(envelope);
    return true;
  }

  /** `admitted` is called when a parked message gets its place; it is not called otherwise. */
  overflowing(envelope: Envelope, admitted: () => void): Overflow {
    switch (this.overflow) {
      case 'refuse':
        return { kind: 'refused', dropped: envelope };
      case 'drop-oldest':
        return this.#displace(envelope);
      case 'block-sender':
        return this.#park(envelope, admitted);
    }
  }

  take(): Envelope | undefined {
    const envelope = this.#queue.shift();
    if (this.#parked === undefined) return envelope;
    const next = this.#parked.shift();
    if (next) {
      this.#queue.push(next.envelope);
      next.admitted();
    }
    return envelope;
  }

  /** Puts messages that were taken out before (a stash) in front of all that wait. They had their place already. */
  putBack(envelopes: readonly Envelope[]): void {
    const waiting = this.#queue.drain();
    for (const envelope of envelopes) this.#queue.push(envelope);
    for (const envelope of waiting) this.#queue.push(envelope);
  }

  /** Empties the mailbox, parked messages included; their senders go on. */
  drain(): Envelope[] {
    const parked = this.#parked?.drain() ?? [];
    for (const each of parked) each.admitted();
    return [...this.#queue.drain(), ...parked.map((each) => each.envelope)];
  }

  #displace(envelope: Envelope): Overflow {
    const oldest = this.#queue.shift();
    if (!oldest) return { kind: 'refused', dropped: envelope };
    this.#queue.push(envelope);
    return { kind: 'displaced', dropped: oldest };
  }

  #park(envelope: Envelope, admitted: () => void): Overflow {
    this.#parked ??= new RingQueue();
    if (this.#parked.length >= LIMITS.blockedSends) return { kind: 'refused', dropped: envelope };
    this.#parked.push({ envelope, admitted });
    return PARKED;
  }
}
