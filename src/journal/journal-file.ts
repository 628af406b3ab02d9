/** The tables of a journal in SQLite, and what they say of themselves when they are judged. */
import type { DatabaseSync } from 'node:sqlite';
import { reasonOf, type Timers } from '../contracts/index.ts';
import type { StoredRow } from './chain-verifier.ts';
import {
  type DatabaseShape,
  journalModeIn,
  openReadOnly,
  openUntouched,
  structuralDefect,
} from './database-file.ts';
import type { ChainHead } from './hash-chain.ts';
import { headFileOf, readHeadFile } from './head-file.ts';
import { type Judgement, judge } from './judgement.ts';
import { speaksOfContent } from './sqlite-errors.ts';

/** `head` is the end of the chain, written in the transaction of the events: it shows that the last rows are missing. */
export const JOURNAL_SHAPE: DatabaseShape = {
  applicationId: 0x536b4a6e,
  version: 1,
  tables: {
    events:
      'CREATE TABLE events (sequence INTEGER PRIMARY KEY, event TEXT NOT NULL, hash TEXT NOT NULL) STRICT',
    head: 'CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL, hash TEXT NOT NULL) STRICT',
  },
};

export const INSERT_EVENT = 'INSERT INTO events (sequence, event, hash) VALUES (?, ?, ?)';
export const WRITE_HEAD = 'INSERT OR REPLACE INTO head (one, count, hash) VALUES (1, ?, ?)';

const BEFORE_ALL = -(2n ** 63n);

/**
 * @param isUntouched no file is made beside it; it does not keep writers out for longer than it reads
 * @throws what SQLite or the file system threw when it says nothing of the content: locked, unreadable, missing
 */
export async function judgeJournal(
  file: string,
  timers: Timers,
  isUntouched = false,
): Promise<Judgement> {
  const headFile = readHeadFile(file);
  try {
    using database = isUntouched ? openUntouched(file) : openReadOnly(file);
    // One snapshot for the whole walk; it also keeps another process from becoming the writer meanwhile.
    database.exec('BEGIN');
    const evidence = {
      rowsAfter: eventsAfter(database),
      headRow: () => readHeadRow(database),
      headFile,
      headFileName: headFileOf(file),
      structuralDefect: () =>
        structuralDefect(database, JOURNAL_SHAPE, isUntouched ? journalModeIn(file) : undefined),
    };
    return await judge(evidence, timers);
  } catch (thrown) {
    // It could not even be opened.
    if (!speaksOfContent(thrown)) throw thrown;
    return { kind: 'damaged', damage: { sequence: 1, reason: reasonOf(thrown) } };
  }
}

/** Rows with a sequence above `count`; above 0 means all, so that a row with a sequence below 1 is seen as well. */
export function eventsAfter(database: DatabaseSync): (count: number) => Iterable<StoredRow> {
  const select = 'SELECT sequence, event, hash FROM events WHERE sequence > ? ORDER BY sequence';
  return (count) => {
    const rows = database.prepare(select).iterate(count === 0 ? BEFORE_ALL : count);
    return rows as Iterable<unknown> as Iterable<StoredRow>;
  };
}

/** The head as the database tells it; `damaged` when it is not one, or cannot be read. */
export function readHeadRow(database: DatabaseSync): ChainHead | 'damaged' {
  try {
    const rows = database.prepare('SELECT count, hash FROM head').all();
    const { count, hash } = rows[0] ?? {};
    if (rows.length !== 1 || !Number.isSafeInteger(count) || typeof hash !== 'string')
      return 'damaged';
    return { count: Number(count), hash };
  } catch (thrown) {
    if (!speaksOfContent(thrown)) throw thrown;
    return 'damaged';
  }
}
