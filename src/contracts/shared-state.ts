/**
 * The shared-state port: small values that all nodes of a cluster agree on, each write decided by one order. Leases, the
 * directory of virtual actors, kill switches and reminders are built on it.
 *
 * Every write has a revision: a number over the whole state that grows with each write and serves as a fencing token. Two
 * things have to be known about it. A write whose answer was lost is neither done nor undone: see `mayHaveHappened`. And a
 * server that loses writes it had acknowledged (a machine without power, a single replica) goes on from where it stands and
 * gives the same revisions to other values; whoever fences compares what is in the entry too, not the number alone.
 */
import type { Json, Result } from './outcome.ts';

export interface StateEntry {
  readonly key: string;
  readonly value: Json;
  readonly revision: number;
}

export interface StateWrite {
  readonly revision: number;
}

/** What a watcher is told, in this order: `begin`, current entries, `caught-up`, changes; from the start again after `lost`. */
export type StateChange =
  /** What was known before is void: all current entries follow, by their revision. */
  | { readonly kind: 'begin' }
  | ({ readonly kind: 'entry' } & StateEntry)
  | { readonly kind: 'deleted'; readonly key: string; readonly revision: number }
  /** Everything that was there at `begin` has been told. */
  | { readonly kind: 'caught-up' }
  /** What is known may be old from now on; `begin` follows once the state is there again. */
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * Nothing throws or rejects. Failures of every function: ARGUMENT_INVALID (keys: letters, digits and `-/_=.`, no empty part
 * between dots, up to LIMITS.stateKeyLength; values: JSON of up to LIMITS.stateValueBytes), STATE_UNAVAILABLE. Of the latter
 * `details.mayHaveHappened` says whether a write is UNKNOWN: it was done, was not, or will be done yet, once at most. Read the
 * key to learn which; a value that names its writer tells one's own write from another's.
 */
export interface SharedState {
  /** The entry as its leader has it now; undefined when it was never written or is deleted. */
  readonly get: (key: string) => Promise<Result<StateEntry | undefined>>;
  /** Writes only a key that is absent or deleted. Failure: JOURNAL_CONFLICT, `expected` 0. */
  readonly create: (key: string, value: Json) => Promise<Result<StateWrite>>;
  /** Writes only over `revision`, the last write of the key (a delete is a write too). Failure: JOURNAL_CONFLICT. */
  readonly update: (key: string, value: Json, revision: number) => Promise<Result<StateWrite>>;
  /** Writes over whatever is there. */
  readonly put: (key: string, value: Json) => Promise<Result<StateWrite>>;
  /** Deletes whatever is there, or only `revision`. A write of its own, even of a key that is absent. Failure: JOURNAL_CONFLICT. */
  readonly delete: (key: string, revision?: number) => Promise<Result<StateWrite>>;
  /** Keys that begin with `prefix` ('' for all), in the order of their characters. */
  readonly keys: (prefix: string) => Promise<Result<readonly string[]>>;
  /**
   * Tells of keys that begin with `prefix`, until the function it returns is called; tries again for ever when the state is
   * away. Of several quick writes to one key a watcher may see only the last. `onChange` must not throw, and is never called
   * before this returns.
   */
  readonly watch: (prefix: string, onChange: (change: StateChange) => void) => Result<() => void>;
  /** Ends all watches; what comes after fails with STATE_UNAVAILABLE. */
  readonly close: () => Promise<void>;
}
