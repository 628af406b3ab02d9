/**
 * What a node knows of all leases under a prefix, from one watch: which keys are free, and from when on it may take over those
 * that are not. An entry counts as held for as long after this node first saw it as its terms say, by this node's clock; that it
 * has not changed meanwhile is proved by the compare-and-set that takes it, not by the watch.
 */
import type { Clock, Result, SharedState, StateChange } from '../../contracts/index.ts';
import { type LeaseRecord, type LeaseTerms, readRecord, takeOverMs } from './lease-terms.ts';

export type Standing =
  /** The watch has not caught up, or is broken: nobody may be judged. */
  | { readonly kind: 'unknown' }
  /** May be taken from `fromMs` on (monotonic), by creating it. */
  | { readonly kind: 'free'; readonly fromMs: number }
  /** May be taken over from `fromMs` on (monotonic), by writing over `revision`. */
  | {
      readonly kind: 'held';
      readonly fromMs: number;
      readonly record: LeaseRecord;
      readonly revision: number;
    };

interface Seen {
  readonly record: LeaseRecord;
  readonly revision: number;
  readonly atMs: number;
}

export interface LeaseWatchOptions {
  readonly state: SharedState;
  readonly clock: Clock;
  readonly prefix: string;
  readonly terms: LeaseTerms;
  /** A key whose standing changed; undefined: all may have. */
  readonly onChange: (key: string | undefined) => void;
}

export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #seen = new Map<string, Seen>();
  /** Told in this round of the watch; entries of the last round that are not told again are gone. */
  readonly #told = new Set<string>();
  /** Keys that this node saw given back, in the order of time. */
  readonly #freed = new Map<string, number>();
  #caughtUpAtMs: number | undefined;
  #round = 0;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  /** @returns a function that ends it. Failures: those of `SharedState.watch` */
  start(): Result<() => void> {
    return this.#options.state.watch(this.#options.prefix, (change) => this.#take(change));
  }

  /** Changes whenever the watch broke: what was known before may have been taken back by a state that lost writes. */
  get round(): number {
    return this.#round;
  }

  standing(key: string): Standing {
    const { terms } = this.#options;
    const caughtUpAtMs = this.#caughtUpAtMs;
    if (caughtUpAtMs === undefined) return { kind: 'unknown' };
    const seen = this.#seen.get(key);
    if (seen) {
      const { record, revision, atMs } = seen;
      return { kind: 'held', record, revision, fromMs: atMs + takeOverMs(record.ttlMs, terms) };
    }
    const trustedFromMs =
      caughtUpAtMs + (terms.isStateForgetful ? takeOverMs(terms.ttlMs, terms) : 0);
    return { kind: 'free', fromMs: this.#freed.get(key) ?? trustedFromMs };
  }

  #take(change: StateChange): void {
    const nowMs = this.#options.clock.monotonicMs();
    const { onChange, terms } = this.#options;
    switch (change.kind) {
      case 'begin':
        this.#told.clear();
        if (terms.isStateForgetful) this.#seen.clear();
        return;
      case 'entry': {
        const { key, revision, value } = change;
        if (this.#caughtUpAtMs === undefined) this.#told.add(key);
        this.#freed.delete(key);
        const isKnown = this.#seen.get(key)?.revision === revision;
        if (!isKnown)
          this.#seen.set(key, { record: readRecord(value, terms), revision, atMs: nowMs });
        return onChange(key);
      }
      case 'deleted':
        this.#seen.delete(change.key);
        this.#free(change.key, nowMs);
        return onChange(change.key);
      case 'caught-up':
        this.#caughtUpAtMs = nowMs;
        for (const key of [...this.#seen.keys()]) if (!this.#told.has(key)) this.#seen.delete(key);
        this.#told.clear();
        return onChange(undefined);
      case 'lost':
        this.#caughtUpAtMs = undefined;
        this.#round++;
        this.#freed.clear();
        return onChange(undefined);
    }
  }

  /** Remembered for as long as it matters who may take it first. */
  #free(key: string, nowMs: number): void {
    if (this.#caughtUpAtMs === undefined) return;
    const { terms } = this.#options;
    for (const [freed, atMs] of this.#freed) {
      if (nowMs < atMs + takeOverMs(terms.ttlMs, terms)) break;
      this.#freed.delete(freed);
    }
    this.#freed.delete(key);
    this.#freed.set(key, nowMs);
  }
}
