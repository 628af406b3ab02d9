/**
 * What a resource does with fencing tokens (Burrows, "The Chubby lock service", 2006, sequencers): it keeps the highest it has
 * seen and refuses lower ones. A lease alone cannot stop a write that was on its way when its sender lost it; this does, from
 * the moment the new owner has shown its token: a new owner writes, or shows its token, before it reads.
 */
import { failure, type Result, success } from '../../contracts/index.ts';

/**
 * `revision` is that of the write that took the lease and orders tokens. `nonce` tells tokens apart when a state that lost
 * acknowledged writes gives a revision twice.
 */
export interface FencingToken {
  readonly revision: number;
  readonly nonce: string;
}

/**
 * Kept by the resource, beside the data that it guards and as durable as they are. After the state lost writes, tokens can be
 * lower than those seen before: they are refused, which is safe; an owner that gives its lease back and takes it again gets
 * higher ones until it passes.
 */
export class Fence {
  readonly #resource: string;
  #highest: FencingToken | undefined;

  constructor(resource: string, highest?: FencingToken) {
    this.#resource = resource;
    this.#highest = highest;
  }

  /** What to store with the data, and to give the constructor when they are read again. */
  get highest(): FencingToken | undefined {
    return this.#highest;
  }

  /** Failure: TOKEN_STALE, when a higher token, or another one with the same revision, was admitted before. */
  admit(token: FencingToken): Result<FencingToken> {
    const highest = this.#highest;
    const isCurrent =
      highest === undefined ||
      token.revision > highest.revision ||
      (token.revision === highest.revision && token.nonce === highest.nonce);
    if (isCurrent) {
      this.#highest = token;
      return success(token);
    }
    return failure('TOKEN_STALE', {
      resource: this.#resource,
      token: token.revision,
      highest: highest.revision,
    });
  }
}
