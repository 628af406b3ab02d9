/** Making a journal file: a new one, or one that holds the verified events of a damaged one. */
import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { invariant } from '../contracts/index.ts';
import { chainVerifier, type Damage } from './chain-verifier.ts';
import { createDatabase, openReadOnly, syncFolder } from './database-file.ts';
import { type ChainHead, GENESIS } from './hash-chain.ts';
import { createHeadFile, readHeadFile } from './head-file.ts';
import { eventsAfter, INSERT_EVENT, JOURNAL_SHAPE, WRITE_HEAD } from './journal-file.ts';
import { newFileOf, type Recovered, removeUnfinished, replaceDamaged } from './set-aside.ts';
import { streamIndex } from './stream-index.ts';

/**
 * Creates an empty journal where there was none. The head file comes first, so that a database always has one.
 * @returns the damage when the database is gone but something speaks of it  @throws what the file system or SQLite threw
 */
export function createIfMissing(file: string): Damage | undefined {
  if (fs.existsSync(file)) return undefined;
  const head = readHeadFile(file);
  const neverWritten = head === 'missing' || (typeof head === 'object' && head.count === 0);
  if (!neverWritten || fs.existsSync(`${file}-wal`))
    return { sequence: 1, reason: 'the database file is missing' };
  createHeadFile(file, GENESIS);
  createJournal(file, () => GENESIS);
  fs.renameSync(newFileOf(file), file);
  syncFolder(file);
  return undefined;
}

/**
 * Sets the damaged files aside and puts a new journal in their place that holds exactly the events before the damage, each
 * verified once more as it is copied.
 */
export function keepPrefix(file: string, { sequence, reason }: Damage): Recovered {
  let head = GENESIS;
  createJournal(file, (database) => {
    if (sequence > 1) head = copyEvents(file, database, sequence - 1);
    return head;
  });
  return replaceDamaged(file, { sequence, reason, head });
}

/** Under its provisional name. */
function createJournal(file: string, fill: (database: DatabaseSync) => ChainHead): void {
  removeUnfinished(file);
  createDatabase(newFileOf(file), JOURNAL_SHAPE, (database) => {
    const { count, hash } = fill(database);
    database.prepare(WRITE_HEAD).run(count, hash);
  });
}

function copyEvents(from: string, to: DatabaseSync, count: number): ChainHead {
  using source = openReadOnly(from);
  const insert = to.prepare(INSERT_EVENT);
  const verifier = chainVerifier(streamIndex(), []);
  for (const row of eventsAfter(source)(0)) {
    const damage = verifier.accept(row);
    invariant(!damage, 'events that were verified a moment ago verify again');
    insert.run(row.sequence as number, row.event as string, row.hash as string);
    if (verifier.head().count === count) break;
  }
  invariant(verifier.head().count === count, 'all events before the damage can be read again');
  return verifier.head();
}
