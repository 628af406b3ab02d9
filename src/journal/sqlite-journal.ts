/**
 * The journal on disk: one SQLite database, hash-chained, opened by one process. A receipt says `fsynced`, and means it: WAL
 * with `synchronous=FULL`, settled after the commit of the transaction that all appends of an event-loop turn share.
 *
 * Opening verifies every hash and sequence (about 300,000 small events a second) and reading verifies what it returns.
 * That finds flipped bits, lost, added and reordered events, a torn tail, a cut log and a file that is no journal. What a
 * local chain cannot find: all files replaced by an older copy of them, and a history rewritten by someone who can compute
 * SHA-256. Both need a witness elsewhere, such as a replica or a signed head.
 *
 *     <file>  <file>-wal   SQLite's        <file>-head   how far it had come (head-file.ts)
 *     <file>.damaged-<sequence>            what was set aside (set-aside.ts)
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  type Clock,
  failure,
  type Journal,
  type Result,
  reasonOf,
  success,
  type Timers,
} from '../contracts/index.ts';
import type { LinkedRow } from './chain-verifier.ts';
import { openForWriting } from './database-file.ts';
import { durableJournal } from './durable-journal.ts';
import type { EventStore } from './event-store.ts';
import type { ChainHead } from './hash-chain.ts';
import { type HeadFile, openHeadFile } from './head-file.ts';
import { eventsAfter, judgeJournal, readHeadRow, WRITE_HEAD } from './journal-file.ts';
import { createIfMissing, keepPrefix } from './journal-recovery.ts';
import type { Judgement } from './judgement.ts';
import { rowWriter } from './row-writer.ts';
import { finishReplacement, type Recovered } from './set-aside.ts';
import { unavailable } from './sqlite-errors.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';
import type { StreamIndex } from './stream-index.ts';

export interface SqliteJournalOptions {
  /** Made when it does not exist; its folder must. */
  readonly file: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * `fail` (default): a damaged journal is not opened and not touched. `keep-prefix`: its files are renamed and a new
   * journal takes their place, with the events before the damage.
   */
  readonly onDamage?: 'fail' | 'keep-prefix';
}

export interface SqliteJournal extends Journal {
  /** There when opening met damage, or an earlier opening was interrupted while it dealt with damage. */
  readonly recovered?: Recovered;
}

/**
 * Opens, verifies and if asked recovers. Failures: JOURNAL_CORRUPT with the file, the first bad sequence and the reason;
 * JOURNAL_UNAVAILABLE when the file cannot be read or written, or another process has it. Never rejects.
 */
export async function openSqliteJournal(
  options: SqliteJournalOptions,
): Promise<Result<SqliteJournal>> {
  const { file, timers, onDamage = 'fail' } = options;
  try {
    let recovered = finishReplacement(file);
    let judgement = await judgeFile(file, timers);
    if (judgement.kind === 'damaged' && onDamage === 'keep-prefix') {
      recovered = keepPrefix(file, judgement.damage);
      judgement = await judgeFile(file, timers);
    }
    if (judgement.kind === 'damaged')
      return failure('JOURNAL_CORRUPT', { file, ...judgement.damage });
    const journal = startJournal(options, judgement);
    return success(recovered ? { ...journal, recovered } : journal);
  } catch (thrown) {
    return unavailable(reasonOf(thrown));
  }
}

async function judgeFile(file: string, timers: Timers): Promise<Judgement> {
  const damage = createIfMissing(file);
  return damage ? { kind: 'damaged', damage } : judgeJournal(file, timers);
}

/** @throws what SQLite or the file system threw, with nothing left open */
function startJournal(
  options: SqliteJournalOptions,
  verified: { readonly head: ChainHead; readonly index: StreamIndex },
): Journal {
  const database = openForWriting(options.file);
  try {
    const head = readHeadRow(database);
    if (head === 'damaged' || head.hash !== verified.head.hash)
      throw new Error('another process wrote to it while it was opened');
    const store = sqliteEventStore(database, options.file, openHeadFile(options.file));
    return durableJournal({ ...options, store }, verified);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** The rows and the head in one database; the head once more in a file. */
function sqliteEventStore(database: DatabaseSync, file: string, headFile: HeadFile): EventStore {
  const rows = rowWriter(database);
  const { begin, commit, rollback } = sqliteTransactions(database);
  const writeHead = database.prepare(WRITE_HEAD);
  const selectEvent = database.prepare(
    `SELECT this.sequence, this.event, this.hash, before.hash AS previousHash
     FROM events AS this LEFT JOIN events AS before ON before.sequence = this.sequence - 1
     WHERE this.sequence = ?`,
  );
  return {
    file,
    isOpen: () => database.isOpen,
    begin,
    add: rows.add,
    writeHead: ({ count, hash }) => {
      rows.flush();
      writeHead.run(count, hash);
    },
    commit,
    rollback: (thrown) => {
      rows.discard();
      return rollback(thrown);
    },
    rowAt: (sequence) => selectEvent.get(sequence) as LinkedRow | undefined,
    rowsAfter: eventsAfter(database),
    headRow: () => readHeadRow(database),
    noteHead: headFile.write,
    close: () => {
      database.close();
      headFile.close();
    },
  };
}
