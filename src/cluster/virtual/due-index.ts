/**
 * The entry by which all nodes know when an actor has its next reminder. It may be too early, never too late: it is written
 * before the record when the time comes nearer, and after it when it goes away. Whoever activates an actor with reminders writes
 * the entry anew, so that what an earlier owner has on its way is refused.
 */
import { type Json, type Result, type SharedState, success } from '../../contracts/index.ts';

/** What a watcher reads of it. */
export interface DueEntry {
  readonly key: string;
  readonly atMs: number;
}

export function readDueEntry(value: Json): DueEntry | undefined {
  const { key, atMs } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof key === 'string' && typeof atMs === 'number' ? { key, atMs } : undefined;
}

const TRIES = 5;

export class DueIndex {
  readonly #state: SharedState;
  readonly #stateKey: string;
  readonly #key: string;
  /** Of this activation's last write. */
  #own: { readonly atMs: number; readonly revision: number } | undefined;

  constructor(state: SharedState, stateKey: string, key: string) {
    this.#state = state;
    this.#stateKey = stateKey;
    this.#key = key;
  }

  /** Before a record with a reminder at `atMs` is written. Failures: STATE_UNAVAILABLE, JOURNAL_CONFLICT. */
  async notAfter(atMs: number): Promise<Result<void>> {
    if (this.#own && this.#own.atMs <= atMs) return success(undefined);
    let failed: Result<void> = success(undefined);
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.#state.get(this.#stateKey);
      if (!found.ok) return found;
      failed = await this.#write(atMs, found.value?.revision);
      if (failed.ok || failed.error.code !== 'JOURNAL_CONFLICT') return failed;
    }
    return failed;
  }

  /** After a record was written whose first reminder is at `atMs`; undefined: it has none. What fails stays too early. */
  async settle(atMs: number | undefined): Promise<void> {
    const own = this.#own;
    if (!own || own.atMs === atMs) return;
    if (atMs !== undefined) return void (await this.#write(atMs, own.revision));
    const deleted = await this.#state.delete(this.#stateKey, own.revision);
    if (deleted.ok) this.#own = undefined;
  }

  async #write(atMs: number, over: number | undefined): Promise<Result<void>> {
    const value = { key: this.#key, atMs };
    const written = await (over === undefined
      ? this.#state.create(this.#stateKey, value)
      : this.#state.update(this.#stateKey, value, over));
    // Whether it was done or not: the next time begins with a look at what is there.
    this.#own = written.ok ? { atMs, revision: written.value.revision } : undefined;
    return written.ok ? success(undefined) : written;
  }
}
