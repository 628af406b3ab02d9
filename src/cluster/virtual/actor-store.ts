/**
 * The record of one activation in the shared state. Each write is a compare-and-set over the last one and carries the fencing
 * token. A new owner writes the record anew with its token before it trusts what it read: from then on a write of an earlier owner
 * that is still on its way finds another revision and is refused.
 */
import {
  failure,
  type Json,
  type Result,
  type SharedState,
  type SkeinError,
  success,
} from '../../contracts/index.ts';
import { Fence, type FencingToken } from '../ownership/fence.ts';
import { type ActorRecord, readActorRecord } from './actor-record.ts';

export interface ActorStoreOptions {
  readonly state: SharedState;
  readonly stateKey: string;
  /** The actor's address, for errors. */
  readonly actor: string;
  readonly holder: string;
  readonly token: FencingToken;
}

export type Written = Result<void> & { readonly isCertain?: boolean };

const TRIES = 5;

export class ActorStore {
  readonly #options: ActorStoreOptions;
  #record: ActorRecord;
  #revision: number;

  /** Shows the token. Failures: TOKEN_STALE, VIRTUAL_STATE_INVALID, STATE_UNAVAILABLE. */
  static async open(options: ActorStoreOptions): Promise<Result<ActorStore>> {
    const { state, stateKey, actor, holder, token } = options;
    let last: Result<never> = failure('TOKEN_STALE', staleness(options, token.revision));
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await state.get(stateKey);
      if (!found.ok) return found;
      const read = found.value ? readActorRecord(actor, found.value.value) : success(undefined);
      if (!read.ok) return read;
      const before = read.value;
      const admitted = new Fence(actor, before?.token).admit(token);
      if (!admitted.ok) return admitted;
      const record: ActorRecord = {
        version: 0,
        reminders: [],
        ...before,
        holder,
        token,
      };
      const written = await (found.value
        ? state.update(stateKey, record as unknown as Json, found.value.revision)
        : state.create(stateKey, record as unknown as Json));
      if (written.ok) return success(new ActorStore(options, record, written.value.revision));
      if (written.error.code !== 'JOURNAL_CONFLICT') return written;
      last = written;
    }
    return last;
  }

  private constructor(options: ActorStoreOptions, record: ActorRecord, revision: number) {
    this.#options = options;
    this.#record = record;
    this.#revision = revision;
  }

  /** As it was last written. */
  get record(): ActorRecord {
    return this.#record;
  }

  /**
   * After a failure nothing is known of what is there, unless `isCertain`: then it is what it was. Failures: TOKEN_STALE (somebody
   * else has written: another owns the key), STATE_UNAVAILABLE.
   */
  async write(content: Pick<ActorRecord, 'state' | 'reminders'>): Promise<Written> {
    const { state, stateKey, holder, token } = this.#options;
    const version = this.#record.version + 1;
    const record: ActorRecord = { holder, token, version, ...content };
    const written = await state.update(stateKey, record as unknown as Json, this.#revision);
    if (!written.ok) return this.#failed(written.error);
    this.#record = record;
    this.#revision = written.value.revision;
    return success(undefined);
  }

  /** Nothing is left of it; the activation ends with it. Failures: as of `write`. */
  async erase(): Promise<Written> {
    const { state, stateKey } = this.#options;
    const deleted = await state.delete(stateKey, this.#revision);
    return deleted.ok ? success(undefined) : this.#failed(deleted.error);
  }

  #failed(error: SkeinError): Result<never> & { readonly isCertain: boolean } {
    if (error.code === 'JOURNAL_CONFLICT') {
      const { current } = error.details as { readonly current: number };
      return { ...failure('TOKEN_STALE', staleness(this.#options, current)), isCertain: false };
    }
    const { mayHaveHappened } = error.details as { readonly mayHaveHappened?: boolean };
    return { ok: false, error, isCertain: mayHaveHappened === false };
  }
}

const staleness = ({ actor, token }: ActorStoreOptions, highest: number) => ({
  resource: actor,
  token: token.revision,
  highest,
});
