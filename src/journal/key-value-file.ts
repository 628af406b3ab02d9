/**
 * The tables of a key-value store in SQLite; the judgement of such a file, which changes nothing; and making one, empty or
 * from what can still be read of a damaged one.
 */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../contracts/index.ts';
import type { Damage } from './chain-verifier.ts';
import {
  createDatabase,
  type DatabaseShape,
  journalModeIn,
  openReadOnly,
  openUntouched,
  structuralDefect,
  syncFolder,
} from './database-file.ts';
import { type KeyPlace, NEW_SPACE, type SpaceFacts, type StoredEntry } from './key-value-rules.ts';
import { newFileOf, type Recovered, removeUnfinished, replaceDamaged } from './set-aside.ts';
import { speaksOfContent } from './sqlite-errors.ts';

export const KEY_VALUE_SHAPE: DatabaseShape = {
  applicationId: 0x536b4b76,
  version: 1,
  tables: {
    entries:
      'CREATE TABLE entries (space TEXT NOT NULL, key TEXT NOT NULL, value TEXT, revision INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (space, key)) STRICT, WITHOUT ROWID',
    spaces:
      'CREATE TABLE spaces (space TEXT PRIMARY KEY, live INTEGER NOT NULL, deleted INTEGER NOT NULL, floor INTEGER NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID',
  },
};

/** A row as the storage gives it; a damaged file can give anything. */
export type Row = Readonly<Record<string, unknown>>;

/** Each row carries the hash of its columns: a change of any of them shows, and so does a row that took another's key. */
const rowHash = (...columns: readonly (string | number | null)[]): string =>
  hash('sha256', JSON.stringify(columns));

export function entryWriter(database: DatabaseSync): (place: KeyPlace, entry: StoredEntry) => void {
  const write = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)');
  return ({ space, key }, { text = null, revision }) => {
    write.run(space, key, text, revision, rowHash(space, key, text, revision));
  };
}

export function spaceWriter(database: DatabaseSync): (space: string, facts: SpaceFacts) => void {
  const write = database.prepare('INSERT OR REPLACE INTO spaces VALUES (?, ?, ?, ?, ?)');
  return (space, { live, deleted, floor }) => {
    write.run(space, live, deleted, floor, rowHash(space, live, deleted, floor));
  };
}

/** The entry of a row, or undefined when the row is not what was written. */
export function verifiedEntry({ space, key }: KeyPlace, row: Row): StoredEntry | undefined {
  const { value, revision, hash: found } = row;
  if (value !== null && typeof value !== 'string') return undefined;
  if (typeof revision !== 'number' || rowHash(space, key, value, revision) !== found)
    return undefined;
  return { text: value ?? undefined, revision };
}

/** The facts of a row, or undefined when the row is not what was written. */
export function verifiedFacts(space: string, row: Row): SpaceFacts | undefined {
  const { live, deleted, floor, hash: found } = row;
  if (typeof live !== 'number' || typeof deleted !== 'number' || typeof floor !== 'number')
    return undefined;
  return rowHash(space, live, deleted, floor) === found ? { live, deleted, floor } : undefined;
}

/** @returns the first damage, entries counted in key order  @throws what SQLite threw when it is not about the content */
export function judgeKeyValue(file: string, isUntouched = false): Damage | undefined {
  const counts = new Map<string, SpaceFacts>();
  let sequence = 1;
  try {
    using database = isUntouched ? openUntouched(file) : openReadOnly(file);
    database.exec('BEGIN');
    for (const { place, entry } of entriesOf(database)) {
      if (!entry) return { sequence, reason: `an entry of ${place.space} is not what was written` };
      count(counts, place.space, entry);
      sequence += 1;
    }
    const mode = isUntouched ? journalModeIn(file) : undefined;
    const defect =
      structuralDefect(database, KEY_VALUE_SHAPE, mode) ?? wrongFacts(database, counts);
    return defect === undefined ? undefined : { sequence, reason: defect };
  } catch (thrown) {
    if (!speaksOfContent(thrown)) throw thrown;
    return { sequence, reason: reasonOf(thrown) };
  }
}

/**
 * Sets the damaged file aside and puts one in its place with every entry that can be read and verified. Entries have no
 * chain: what is lost is lost without a trace, and the key of a lost entry may be given its revisions a second time.
 */
export function keepReadable(file: string, damage: Damage): Recovered {
  createKeyValue(file, (target) => {
    const counts = new Map<string, SpaceFacts>();
    const writeEntry = entryWriter(target);
    const writeSpace = spaceWriter(target);
    if (!fs.existsSync(file)) return;
    try {
      using source = openReadOnly(file);
      for (const { place, entry } of entriesOf(source)) {
        if (!entry) continue;
        writeEntry(place, entry);
        count(counts, place.space, entry);
      }
    } catch (thrown) {
      if (!speaksOfContent(thrown)) throw thrown;
    }
    for (const [space, facts] of counts) writeSpace(space, facts);
  });
  return replaceDamaged(file, damage);
}

/** @returns the damage when the database is gone but its log is there: SQLite would apply that log to a new database */
export function createIfMissing(file: string): Damage | undefined {
  if (fs.existsSync(file)) return undefined;
  if (fs.existsSync(`${file}-wal`)) return { sequence: 1, reason: 'the database file is missing' };
  createKeyValue(file, () => undefined);
  fs.renameSync(newFileOf(file), file);
  syncFolder(file);
  return undefined;
}

/** Under its provisional name. */
function createKeyValue(file: string, fill: (database: DatabaseSync) => void): void {
  removeUnfinished(file);
  createDatabase(newFileOf(file), KEY_VALUE_SHAPE, fill);
}

function* entriesOf(
  database: DatabaseSync,
): Generator<{ readonly place: KeyPlace; readonly entry: StoredEntry | undefined }> {
  for (const row of database.prepare('SELECT * FROM entries ORDER BY space, key').iterate()) {
    const place = { space: String(row.space), key: String(row.key) };
    yield { place, entry: verifiedEntry(place, row) };
  }
}

/** The floor of a counted space is its highest revision: enough when the deleted keys below it may have been lost. */
function count(counts: Map<string, SpaceFacts>, space: string, entry: StoredEntry): void {
  const { live, deleted, floor } = counts.get(space) ?? NEW_SPACE;
  const exists = entry.text !== undefined;
  counts.set(space, {
    live: live + (exists ? 1 : 0),
    deleted: deleted + (exists ? 0 : 1),
    floor: Math.max(floor, entry.revision),
  });
}

function wrongFacts(
  database: DatabaseSync,
  counts: ReadonlyMap<string, SpaceFacts>,
): string | undefined {
  const spaces = new Set(counts.keys());
  for (const row of database.prepare('SELECT * FROM spaces').iterate()) {
    const space = String(row.space);
    const { live, deleted } = counts.get(space) ?? NEW_SPACE;
    const facts = verifiedFacts(space, row);
    if (facts?.live !== live || facts.deleted !== deleted)
      return `the counts of ${space} do not fit its entries`;
    spaces.delete(space);
  }
  return spaces.size === 0 ? undefined : `the counts of ${[...spaces][0]} are missing`;
}
