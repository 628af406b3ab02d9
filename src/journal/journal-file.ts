/**
 * The tables of a journal in SQLite, and the judgement of such a file: is it whole, and if not, from which sequence on can
 * it not be trusted? A judgement changes nothing on the disk.
 */
import type { DatabaseSync } from 'node:sqlite';
import { reasonOf, type Timers } from '../contracts/index.ts';
import {
  type ChainVerifier,
  chainVerifier,
  type Damage,
  type StoredRow,
} from './chain-verifier.ts';
import { type DatabaseShape, openReadOnly, structuralDefect } from './database-file.ts';
import { type ChainHead, GENESIS } from './hash-chain.ts';
import { headFileOf, readHeadFile } from './head-file.ts';
import { speaksOfContent } from './sqlite-errors.ts';
import { type StreamIndex, streamIndex } from './stream-index.ts';

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

/** Characters of events that a walk reads before the event loop has a turn. */
const SLICE_LENGTH = 4 * 1024 * 1024;
const BEFORE_ALL = -(2n ** 63n);

export type Judgement =
  | { readonly kind: 'sound'; readonly head: ChainHead; readonly index: StreamIndex }
  | { readonly kind: 'damaged'; readonly damage: Damage };

/** @throws what SQLite or the file system threw when it says nothing of the content: locked, unreadable, missing */
export async function judgeJournal(file: string, timers: Timers): Promise<Judgement> {
  const headFile = readHeadFile(file);
  const index = streamIndex();
  let reached = GENESIS;
  try {
    using database = openReadOnly(file);
    // One snapshot for the whole walk; it also keeps another process from becoming the writer meanwhile.
    database.exec('BEGIN');
    const headRow = readHeadRow(database);
    const knownHeads = [headRow, headFile].filter((head) => typeof head === 'object');
    const verifier = chainVerifier(index, knownHeads);
    let damage: Damage | undefined;
    try {
      damage = (await walkEvents(database, verifier, timers)) ?? verifier.end();
    } finally {
      reached = verifier.head();
    }
    damage ??= uncoveredEvents(reached, headRow);
    const defect = damage ? undefined : otherDefect(database, { headRow, headFile, file });
    if (defect) damage = { sequence: reached.count + 1, reason: defect };
    return damage ? { kind: 'damaged', damage } : { kind: 'sound', head: reached, index };
  } catch (thrown) {
    if (!speaksOfContent(thrown)) throw thrown;
    const damage = { sequence: reached.count + 1, reason: reasonOf(thrown) };
    return { kind: 'damaged', damage };
  }
}

/**
 * Gives the rows after the verifier's place to it, in order, up to the end or to `countMax`.
 * @returns the damage at which it stopped  @throws what SQLite threw
 */
export async function walkEvents(
  database: DatabaseSync,
  verifier: ChainVerifier,
  timers: Timers,
  countMax = Number.MAX_SAFE_INTEGER,
): Promise<Damage | undefined> {
  const rows = eventsAfter(database);
  for (;;) {
    let length = 0;
    for (const row of rows(verifier.head().count)) {
      if (length > SLICE_LENGTH || verifier.head().count >= countMax) break;
      const damage = verifier.accept(row);
      if (damage) return damage;
      length += (row.event as string).length;
    }
    if (length <= SLICE_LENGTH) return undefined;
    await new Promise<void>((resolve) => timers.immediate(resolve));
  }
}

/** Rows with a sequence above `count`; above 0 means all, so that a row with a sequence below 1 is seen as well. */
export function eventsAfter(database: DatabaseSync): (count: number) => Iterable<StoredRow> {
  const rows = database.prepare(
    'SELECT sequence, event, hash FROM events WHERE sequence > ? ORDER BY sequence',
  );
  return (count) =>
    rows.iterate(count === 0 ? BEFORE_ALL : count) as Iterable<unknown> as Iterable<StoredRow>;
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

function uncoveredEvents(reached: ChainHead, headRow: ChainHead | 'damaged'): Damage | undefined {
  if (headRow === 'damaged' || reached.count <= headRow.count) return undefined;
  const sequence = headRow.count + 1;
  return { sequence, reason: 'the head record does not speak of it' };
}

/** What is wrong although every event is there: nothing vouches for the end, or the next append could do harm. */
function otherDefect(
  database: DatabaseSync,
  heads: {
    readonly headRow: ChainHead | 'damaged';
    readonly headFile: ChainHead | 'missing' | 'damaged';
    readonly file: string;
  },
): string | undefined {
  const { headRow, headFile, file } = heads;
  if (headRow === 'damaged') return 'the head record is damaged, later events may be missing';
  if (typeof headFile !== 'object')
    return `${headFileOf(file)} is ${headFile}, later events may be missing`;
  return structuralDefect(database, JOURNAL_SHAPE);
}
