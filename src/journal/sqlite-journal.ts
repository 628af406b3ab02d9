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
import { chainVerifier, type LinkedRow, readVerified } from './chain-verifier.ts';
import { chainWriter } from './chain-writer.ts';
import { openForWriting } from './database-file.ts';
import { acceptAppend, acceptListing, acceptRead } from './event-limits.ts';
import { groupCommit } from './group-commit.ts';
import type { ChainHead } from './hash-chain.ts';
import { type HeadFile, openHeadFile } from './head-file.ts';
import {
  type Judgement,
  judgeJournal,
  readHeadRow,
  WRITE_HEAD,
  walkEvents,
} from './journal-file.ts';
import { createIfMissing, keepPrefix } from './journal-recovery.ts';
import { rowWriter } from './row-writer.ts';
import { finishReplacement, type Recovered } from './set-aside.ts';
import { readFailure, unavailable } from './sqlite-errors.ts';
import { type StreamIndex, streamIndex } from './stream-index.ts';

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
    let judgement = await judge(file, timers);
    if (judgement.kind === 'damaged' && onDamage === 'keep-prefix') {
      recovered = keepPrefix(file, judgement.damage);
      judgement = await judge(file, timers);
    }
    if (judgement.kind === 'damaged')
      return failure('JOURNAL_CORRUPT', { file, ...judgement.damage });
    const journal = startJournal(options, judgement);
    return success(recovered ? { ...journal, recovered } : journal);
  } catch (thrown) {
    return unavailable(reasonOf(thrown));
  }
}

async function judge(file: string, timers: Timers): Promise<Judgement> {
  const damage = createIfMissing(file);
  return damage ? { kind: 'damaged', damage } : judgeJournal(file, timers);
}

interface OpenFiles {
  readonly database: DatabaseSync;
  readonly headFile: HeadFile;
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
    return journalOver(options, verified, { database, headFile: openHeadFile(options.file) });
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function journalOver(
  { file, clock, timers }: SqliteJournalOptions,
  { head, index }: { readonly head: ChainHead; readonly index: StreamIndex },
  { database, headFile }: OpenFiles,
): Journal {
  const rows = rowWriter(database);
  const writeHead = database.prepare(WRITE_HEAD);
  const selectEvent = database.prepare(
    `SELECT this.sequence, this.event, this.hash, before.hash AS previousHash
     FROM events AS this LEFT JOIN events AS before ON before.sequence = this.sequence - 1
     WHERE this.sequence = ?`,
  );
  const writer = chainWriter({
    index,
    head,
    durability: 'fsynced',
    store: rows.add,
  });
  const commits = groupCommit({
    database,
    timers,
    beforeCommit: () => {
      rows.flush();
      const { count, hash } = writer.stagedHead();
      // A batch of nothing but conflicts stays empty, and its commit is free.
      if (count > writer.head().count) writeHead.run(count, hash);
    },
    committed: () => {
      writer.commit();
      headFile.write(writer.head());
    },
    rolledBack: () => {
      rows.discard();
      writer.rollback();
    },
  });
  let reading = 0;

  /** Runs a read; whatever it throws becomes a failure that names `reading`, the sequence it was at. */
  const guarded = async <T>(read: () => Result<T> | Promise<Result<T>>): Promise<Result<T>> => {
    if (!database.isOpen) return unavailable('it is closed');
    try {
      return await read();
    } catch (thrown) {
      return readFailure(thrown, { file, sequence: reading });
    }
  };

  return {
    append: (stream, events, appendOptions) => {
      const accepted = acceptAppend(stream, events, appendOptions);
      if (!accepted.ok) return Promise.resolve(accepted);
      const atMs = clock.wallMs();
      return commits.submit(accepted.value.bytes, () => writer.append(accepted.value, atMs));
    },
    read: (stream, readOptions) =>
      guarded(() => {
        const range = acceptRead(stream, readOptions);
        if (!range.ok) return range;
        return readVerified({
          stream,
          sequences: index.slice(stream, range.value),
          afterStreamSequence: range.value.afterStreamSequence,
          rowAt: (sequence) => {
            reading = sequence;
            return selectEvent.get(sequence) as LinkedRow | undefined;
          },
          file,
        });
      }),
    streams: (prefix, limit = 100) =>
      guarded(() => {
        const accepted = acceptListing(prefix, limit);
        return accepted.ok ? success(index.newest(prefix, limit)) : accepted;
      }),
    verify: () =>
      guarded(async () => {
        const known = writer.head();
        const verifier = chainVerifier(streamIndex(), [known]);
        try {
          const walked = await walkEvents(database, verifier, timers, known.count);
          const damage = walked ?? verifier.end();
          if (damage) return failure('JOURNAL_CORRUPT', { file, ...damage });
          return success(known.count);
        } catch (thrown) {
          return readFailure(thrown, { file, sequence: verifier.head().count + 1 });
        }
      }),
    close: async () => {
      if (!database.isOpen) return;
      commits.close();
      database.close();
      headFile.close();
    },
  };
}
