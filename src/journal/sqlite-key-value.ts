/**
 * The key-value store on disk: one SQLite database of its own, opened by one process; a write settles after the fsync of the
 * transaction that all writes of an event-loop turn share. Each row is verified when the store is opened and when it is
 * read. There is no chain: an older copy of a row, put back whole, is not noticed.
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  failure,
  invariant,
  type Json,
  type KeyValue,
  type Result,
  reasonOf,
  success,
  type Timers,
} from '../contracts/index.ts';
import { openForWriting } from './database-file.ts';
import { groupCommit } from './group-commit.ts';
import {
  createIfMissing,
  entryWriter,
  judgeKeyValue,
  keepReadable,
  spaceWriter,
  verifiedEntry,
  verifiedFacts,
} from './key-value-file.ts';
import {
  acceptList,
  acceptPlace,
  acceptPut,
  decideDelete,
  decidePut,
  forgotten,
  type KeyPlace,
  type KeyWrite,
  mustForget,
  NEW_SPACE,
  type SpaceFacts,
  type StoredEntry,
} from './key-value-rules.ts';
import { finishReplacement, type Recovered } from './set-aside.ts';
import { readFailure, unavailable } from './sqlite-errors.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';

export interface SqliteKeyValueOptions {
  /** Made when it does not exist; its folder must. Not the file of a journal. */
  readonly file: string;
  readonly timers: Timers;
  /** `fail` (default): a damaged store is not opened and not touched. `keep-readable`: see `keepReadable`. */
  readonly onDamage?: 'fail' | 'keep-readable';
}

export interface SqliteKeyValue extends KeyValue {
  /** There when opening met damage; `sequence` counts entries in key order. */
  readonly recovered?: Recovered;
}

/** Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE (unreadable, or another process has it). Never rejects. */
export async function openSqliteKeyValue(
  options: SqliteKeyValueOptions,
): Promise<Result<SqliteKeyValue>> {
  const { file, timers, onDamage = 'fail' } = options;
  try {
    let recovered = finishReplacement(file);
    const damage = createIfMissing(file) ?? judgeKeyValue(file);
    if (damage && onDamage === 'fail') return failure('JOURNAL_CORRUPT', { file, ...damage });
    if (damage) recovered = keepReadable(file, damage);
    const store = storeOver(openForWriting(file), file, timers);
    return success(recovered ? { ...store, recovered } : store);
  } catch (thrown) {
    return unavailable(reasonOf(thrown));
  }
}

function storeOver(database: DatabaseSync, file: string, timers: Timers): KeyValue {
  const rows = rowsOf(database);
  const commits = groupCommit({
    transactions: sqliteTransactions(database),
    timers,
    beforeCommit: () => undefined,
    committed: () => undefined,
    rolledBack: () => undefined,
  });

  /** A damaged row found while it is needed for a write must not undo the writes it shares a transaction with. */
  const submit = <T>(bytes: number, write: () => Result<T>): Promise<Result<T>> =>
    commits.submit(bytes, () => {
      try {
        return write();
      } catch (thrown) {
        if (thrown instanceof DamagedRow) return corrupt(file, thrown);
        throw thrown;
      }
    });
  const write = ({ space, key }: KeyPlace, { entry, facts }: KeyWrite): void => {
    rows.writeEntry({ space, key }, entry);
    rows.writeSpace(space, mustForget(facts) ? forgotten(facts, rows.forgetDeleted(space)) : facts);
  };

  return {
    get: async (space, key) => {
      const accepted = acceptPlace({ space, key });
      if (!accepted.ok) return accepted;
      if (!database.isOpen) return unavailable('it is closed');
      // Transactions begin and end within a turn: one that is open now could not be undone, and shows what is not kept.
      if (database.isTransaction) return unavailable('a failed write could not be undone');
      try {
        const { text, revision = 0 } = rows.entry({ space, key }) ?? {};
        return success(text === undefined ? undefined : { value: JSON.parse(text), revision });
      } catch (thrown) {
        if (thrown instanceof DamagedRow) return corrupt(file, thrown);
        return readFailure(thrown, { file, sequence: 0 });
      }
    },
    put: async (space, key, value, options) => {
      const text = acceptPut({ space, key }, value, options);
      if (!text.ok) return text;
      return submit(text.value.length + key.length, () => {
        const state = { entry: rows.entry({ space, key }), facts: rows.facts(space) };
        const decided = decidePut({ space, key }, text.value, state, options);
        if (!decided.ok) return decided;
        write({ space, key }, decided.value);
        return success({ revision: decided.value.entry.revision });
      });
    },
    delete: async (space, key) => {
      const accepted = acceptPlace({ space, key });
      if (!accepted.ok) return accepted;
      return submit(key.length, () => {
        const decided = decideDelete(rows.entry({ space, key }), rows.facts(space));
        if (decided) write({ space, key }, decided);
        return success(decided !== undefined);
      });
    },
    list: async (space, options) => {
      const accepted = acceptList(space, options);
      if (!accepted.ok) return accepted;
      if (!database.isOpen) return unavailable('it is closed');
      if (database.isTransaction) return unavailable('a failed write could not be undone');
      try {
        const found: { readonly key: string; readonly value: Json }[] = [];
        for (const [key, { text }] of rows.entries(space, accepted.value)) {
          if (text !== undefined) found.push({ key, value: JSON.parse(text) });
        }
        return success(found);
      } catch (thrown) {
        if (thrown instanceof DamagedRow) return corrupt(file, thrown);
        return readFailure(thrown, { file, sequence: 0 });
      }
    },
    close: async () => {
      if (!database.isOpen) return;
      commits.close();
      database.close();
    },
  };
}

class DamagedRow extends Error {}

/** Rows have no sequence of their own: 0 stands for "while it was in use". */
const corrupt = (file: string, { message }: DamagedRow): Result<never> =>
  failure('JOURNAL_CORRUPT', { file, sequence: 0, reason: message });

interface Rows {
  /** Keys that exist, by their bytes, each verified. @throws DamagedRow */
  readonly entries: (
    space: string,
    options: { readonly prefix: string; readonly limit: number },
  ) => readonly (readonly [string, StoredEntry])[];
  /** @throws DamagedRow, as does `facts` */
  readonly entry: (place: KeyPlace) => StoredEntry | undefined;
  readonly facts: (space: string) => SpaceFacts;
  readonly writeEntry: (place: KeyPlace, entry: StoredEntry) => void;
  readonly writeSpace: (space: string, facts: SpaceFacts) => void;
  /** @returns the highest revision among the deleted keys that are forgotten */
  readonly forgetDeleted: (space: string) => number;
}

function rowsOf(database: DatabaseSync): Rows {
  const selectEntry = database.prepare(
    'SELECT value, revision, hash FROM entries WHERE space = ? AND key = ?',
  );
  const selectEntries = database.prepare(
    `SELECT key, value, revision, hash FROM entries
     WHERE space = ? AND key >= ? AND value IS NOT NULL ORDER BY key`,
  );
  const selectFacts = database.prepare(
    'SELECT live, deleted, floor, hash FROM spaces WHERE space = ?',
  );
  const highestDeleted = database.prepare(
    'SELECT max(revision) AS revision FROM entries WHERE space = ? AND value IS NULL',
  );
  const deleteDeleted = database.prepare('DELETE FROM entries WHERE space = ? AND value IS NULL');

  return {
    entries: (space, { prefix, limit }) => {
      const found: [string, StoredEntry][] = [];
      for (const row of selectEntries.iterate(space, prefix)) {
        const key = String(row.key);
        if (!key.startsWith(prefix) || found.length >= limit) break;
        const entry = verifiedEntry({ space, key }, row);
        if (!entry) throw new DamagedRow(`an entry of ${space} is not what was written`);
        found.push([key, entry]);
      }
      return found;
    },
    entry: (place) => {
      const row = selectEntry.get(place.space, place.key);
      const entry = row && verifiedEntry(place, row);
      if (row && !entry) throw new DamagedRow(`an entry of ${place.space} is not what was written`);
      return entry;
    },
    facts: (space) => {
      const row = selectFacts.get(space);
      const facts = row ? verifiedFacts(space, row) : NEW_SPACE;
      if (!facts) throw new DamagedRow(`the counts of ${space} are not what was written`);
      return facts;
    },
    writeEntry: entryWriter(database),
    writeSpace: spaceWriter(database),
    forgetDeleted: (space) => {
      const revision = highestDeleted.get(space)?.revision;
      invariant(typeof revision === 'number', 'a space with deleted keys has a highest one');
      deleteDeleted.run(space);
      return revision;
    },
  };
}
