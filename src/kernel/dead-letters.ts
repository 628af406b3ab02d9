/** Messages that nobody received. Bounded, newest kept; each can be listed and sent again. Never silent. */
import { type CorrelationId, LIMITS, type SkeinError } from '../contracts/index.ts';
import type { Envelope } from './envelope.ts';

export interface DeadLetter {
  readonly id: number;
  readonly atMs: number;
  readonly to: string;
  readonly from: string | undefined;
  readonly type: string;
  readonly reason: SkeinError;
  readonly correlationId: CorrelationId | undefined;
}

interface Entry {
  readonly letter: DeadLetter;
  readonly envelope: Envelope;
}

export class DeadLetters {
  readonly #entries = new Map<number, Entry>();
  #total = 0;

  /** All dead letters there ever were, those that fell out of the list included. */
  get total(): number {
    return this.#total;
  }

  record(envelope: Envelope, reason: SkeinError, atMs: number): DeadLetter {
    const letter: DeadLetter = {
      id: ++this.#total,
      atMs,
      to: envelope.target.address,
      from: envelope.sender?.address,
      type: envelope.type,
      reason,
      correlationId: envelope.trace?.correlationId,
    };
    this.#entries.set(letter.id, { letter, envelope });
    if (this.#entries.size > LIMITS.deadLetters) this.#forgetOldest();
    return letter;
  }

  list(): readonly DeadLetter[] {
    return Array.from(this.#entries.values(), (entry) => entry.letter);
  }

  /** Takes a letter out, to be sent again. @returns undefined when it is not (or no longer) in the list. */
  withdraw(id: number): Envelope | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry?.envelope;
  }

  #forgetOldest(): void {
    for (const id of this.#entries.keys()) {
      this.#entries.delete(id);
      return;
    }
  }
}
