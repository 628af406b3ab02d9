/** Messages on a node that wait for their actor to come to life, by key; each for a time of its own. */
import type { Timers } from '../../contracts/index.ts';
import type { LiveActor } from './live-actor.ts';
import { notHere, type VirtualAnswer } from './virtual-actor.ts';

export type Waited =
  | { readonly kind: 'live'; readonly live: LiveActor }
  | { readonly kind: 'answer'; readonly answer: VirtualAnswer };

export class Waiting {
  readonly #timers: Timers;
  readonly #byKey = new Map<string, Set<(waited: Waited) => void>>();
  #count = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get count(): number {
    return this.#count;
  }

  get keys(): readonly string[] {
    return [...this.#byKey.keys()];
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  async wait(key: string, waitMs: number): Promise<Waited> {
    const { promise, resolve } = Promise.withResolvers<Waited>();
    const waiters = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, waiters.add(resolve));
    this.#count++;
    const timer = this.#timers.after(waitMs, () => {
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#byKey.get(key) === waiters) this.#byKey.delete(key);
      resolve({ kind: 'answer', answer: notHere('it could not be activated in time') });
    });
    const waited = await promise;
    this.#count--;
    timer.cancel();
    return waited;
  }

  resolve(key: string, waited: Waited): void {
    const waiters = this.#byKey.get(key) ?? [];
    this.#byKey.delete(key);
    for (const resolve of waiters) resolve(waited);
  }

  turnAway(key: string, answer: VirtualAnswer): void {
    this.resolve(key, { kind: 'answer', answer });
  }
}
