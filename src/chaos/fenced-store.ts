/**
 * The resource that owners of keys write to: a counter a key behind a fence. It outlives every node, and takes what it is told from
 * whoever holds the highest token; what comes late it judges when it comes.
 */
import { Fence, type FencingToken } from '../cluster/index.ts';
import { type Random, type Result, success } from '../contracts/index.ts';
import type { SimulatedLife, SimulatedTime } from '../host/index.ts';
import type { Fact } from './checker.ts';

export interface Stored {
  readonly count: number;
  /** Of the newest requests of clients that were carried out, so that none is carried out twice. */
  readonly requests: readonly string[];
}

/** Who asks. */
export interface StoreUser {
  readonly copy: string;
  readonly key: string;
  readonly token: FencingToken;
  readonly life: SimulatedLife;
}

const REQUESTS_KEPT = 200;
const WAY_MS = 5;
const LONG_SHARE = 0.02;
const LONG_WAY_MS = 6_000;
const NOTHING: Stored = { count: 0, requests: [] };

export interface FencedStoreOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly hear: (fact: Fact) => void;
  /** While it is, a packet may take longer than a lease lasts. */
  readonly isTroubled: () => boolean;
}

export class FencedStore {
  readonly #time: SimulatedTime;
  readonly #random: Random;
  readonly #hear: (fact: Fact) => void;
  readonly #isTroubled: () => boolean;
  readonly #fences = new Map<string, Fence>();
  readonly #stored = new Map<string, Stored>();

  constructor({ time, random, hear, isTroubled }: FencedStoreOptions) {
    this.#time = time;
    this.#random = random;
    this.#hear = hear;
    this.#isTroubled = isTroubled;
  }

  /** Shows the token, and reads. Failure: TOKEN_STALE. */
  read(user: StoreUser): Promise<Result<Stored>> {
    const { copy, key, token } = user;
    return this.#call(user, () => {
      const admitted = this.#fence(key).admit(token);
      if (!admitted.ok) return admitted;
      const stored = this.#stored.get(key) ?? NOTHING;
      this.#hear({ kind: 'resource read', copy, key, ...token, count: stored.count });
      return success(stored);
    });
  }

  /** Sets the counter. Failure: TOKEN_STALE. */
  write(user: StoreUser, count: number, request: string): Promise<Result<void>> {
    const { copy, key, token } = user;
    const sentAtMs = this.#time.clock.monotonicMs();
    return this.#call(user, () => {
      const admitted = this.#fence(key).admit(token);
      if (!admitted.ok) {
        this.#hear({ kind: 'write refused', copy, key, nonce: token.nonce, sentAtMs });
        return admitted;
      }
      const { requests } = this.#stored.get(key) ?? NOTHING;
      const newest = request === '' ? requests : [...requests, request].slice(-REQUESTS_KEPT);
      this.#stored.set(key, { count, requests: newest });
      this.#hear({ kind: 'write admitted', copy, key, ...token, count, request, sentAtMs });
      return success(undefined);
    });
  }

  #call<T>({ life }: StoreUser, serve: () => Result<T>): Promise<Result<T>> {
    const { promise, resolve } = Promise.withResolvers<Result<T>>();
    const { timers } = this.#time;
    timers.after(this.#wayMs(), () => {
      const result = serve();
      timers.after(this.#wayMs(), () => life.act(() => resolve(result)));
    });
    return promise;
  }

  #wayMs(): number {
    const isLong = this.#random.next() < LONG_SHARE && this.#isTroubled();
    return this.#random.next() * (isLong ? LONG_WAY_MS : WAY_MS);
  }

  #fence(key: string): Fence {
    const fence = this.#fences.get(key) ?? new Fence(key);
    this.#fences.set(key, fence);
    return fence;
  }
}
