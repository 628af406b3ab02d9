/** Messages an actor put aside for later, in the order they came. Bounded: a full stash gives the message back. */
import { LIMITS, type SkeinError, skeinError } from '../contracts/index.ts';
import type { ActorRef } from './actor-ref.ts';
import type { Envelope } from './envelope.ts';

export class Stash {
  readonly #owner: ActorRef;
  #envelopes: Envelope[] = [];

  constructor(owner: ActorRef) {
    this.#owner = owner;
  }

  /** @returns the error when there is no room. */
  push(envelope: Envelope): SkeinError | undefined {
    if (this.#envelopes.length >= LIMITS.stashCapacity) {
      const facts = { actor: this.#owner.address, capacity: LIMITS.stashCapacity };
      return skeinError('STASH_FULL', facts);
    }
    this.#envelopes.push(envelope);
    return undefined;
  }

  drain(): readonly Envelope[] {
    const envelopes = this.#envelopes;
    this.#envelopes = [];
    return envelopes;
  }
}
