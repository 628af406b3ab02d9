/**
 * The tables of a shared state in SQLite, and the judgement of such a file, which changes nothing. The head has the highest
 * revision that was ever given, so that a key which was deleted never gets one again.
 */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../contracts/index.ts';
import type { BucketWrite } from '../host/index.ts';
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
import { newFileOf, removeUnfinished } from './set-aside.ts';
import { speaksOfContent } from './sqlite-errors.ts';

const STATE_SHAPE: DatabaseShape = {
  applicationId: 0x536b5374,
  version: 1,
  tables: {
    entries:
      'CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID',
    head: 'CREATE TABLE head (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, hash TEXT NOT NULL) STRICT',
  },
};

/** A change of any column shows, and so does a row that took another's key. */
const rowHash = (...columns: readonly (string | number)[]): string =>
  hash('sha256', JSON.stringify(columns));
const HEAD = 'head';

/** All that a file holds. */
export interface StateContent {
  readonly entries: readonly (BucketWrite & { readonly text: string })[];
  readonly revision: number;
}

/** @throws what SQLite or the file system threw */
export function createStateIfMissing(file: string): Damage | undefined {
  if (fs.existsSync(file)) return undefined;
  if (fs.existsSync(`${file}-wal`)) return { sequence: 1, reason: 'the database file is missing' };
  removeUnfinished(file);
  createDatabase(newFileOf(file), STATE_SHAPE, (database) => headWriter(database)(0));
  fs.renameSync(newFileOf(file), file);
  syncFolder(file);
  return undefined;
}

/** @returns what it holds, or the first damage  @throws what SQLite threw when it is not about the content */
export function readStateFile(file: string, isUntouched = false): StateContent | Damage {
  const entries: StateContent['entries'][number][] = [];
  const damage = (reason: string): Damage => ({ sequence: entries.length + 1, reason });
  try {
    using database = isUntouched ? openUntouched(file) : openReadOnly(file);
    database.exec('BEGIN');
    for (const row of database.prepare('SELECT * FROM entries ORDER BY revision').iterate()) {
      const { key, value: text, revision, hash: found } = row;
      const isWhole =
        typeof key === 'string' &&
        typeof text === 'string' &&
        typeof revision === 'number' &&
        rowHash(key, text, revision) === found;
      if (!isWhole) return damage('an entry is not what was written');
      entries.push({ key, text, revision });
    }
    const { revision, hash: found } = database.prepare('SELECT * FROM head').get() ?? {};
    if (typeof revision !== 'number' || rowHash(HEAD, revision) !== found)
      return damage('its head is not what was written');
    if ((entries.at(-1)?.revision ?? 0) > revision) return damage('its head is behind its entries');
    const mode = isUntouched ? journalModeIn(file) : undefined;
    const defect = structuralDefect(database, STATE_SHAPE, mode);
    return defect === undefined ? { entries, revision } : damage(defect);
  } catch (thrown) {
    if (!speaksOfContent(thrown)) throw thrown;
    return damage(reasonOf(thrown));
  }
}

export function entryWriter(database: DatabaseSync): (write: BucketWrite) => void {
  const put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM entries WHERE key = ?');
  return ({ key, text, revision }) => {
    if (text === undefined) remove.run(key);
    else put.run(key, text, revision, rowHash(key, text, revision));
  };
}

export function headWriter(database: DatabaseSync): (revision: number) => void {
  const write = database.prepare('INSERT OR REPLACE INTO head VALUES (1, ?, ?)');
  return (revision) => void write.run(revision, rowHash(HEAD, revision));
}
