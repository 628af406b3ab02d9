/** Judges a journal, a key-value store or the state of actors where it lies, without opening it for writing: nothing is made, moved or locked. */
import fs from 'node:fs';
import { failure, type Result, reasonOf, success, type Timers } from '../contracts/index.ts';
import type { Damage } from './chain-verifier.ts';
import { openUntouched } from './database-file.ts';
import { readHeadFile } from './head-file.ts';
import { judgeJournal } from './journal-file.ts';
import { judgeKeyValue } from './key-value-file.ts';
import { isBusy, unavailable } from './sqlite-errors.ts';
import { readStateFile } from './state-file.ts';

/** `missing`: there is none yet. `in use`: a process writes it. */
export type Inspection =
  | { readonly kind: 'missing' }
  | { readonly kind: 'in use' }
  | { readonly kind: 'sound'; readonly events?: number };

/** Verifies every hash and sequence. Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE. */
export function inspectJournal(file: string, timers: Timers): Promise<Result<Inspection>> {
  return inspect(file, async () => {
    if (!fs.existsSync(file)) {
      const head = readHeadFile(file);
      const neverWritten = head === 'missing' || (typeof head === 'object' && head.count === 0);
      return neverWritten && !fs.existsSync(`${file}-wal`) ? { kind: 'missing' } : GONE;
    }
    const judgement = await judgeJournal(file, timers, true);
    if (judgement.kind === 'damaged') return judgement.damage;
    return { kind: 'sound', events: judgement.head.count };
  });
}

/** Verifies every entry. Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE. */
export function inspectKeyValue(file: string): Promise<Result<Inspection>> {
  return inspect(file, async () => {
    if (!fs.existsSync(file)) return fs.existsSync(`${file}-wal`) ? GONE : { kind: 'missing' };
    return judgeKeyValue(file, true) ?? { kind: 'sound' };
  });
}

/** Verifies every entry. Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE. */
export function inspectState(file: string): Promise<Result<Inspection>> {
  return inspect(file, async () => {
    if (!fs.existsSync(file)) return fs.existsSync(`${file}-wal`) ? GONE : { kind: 'missing' };
    const content = readStateFile(file, true);
    return 'reason' in content ? content : { kind: 'sound' };
  });
}

/** Does a process write this database now? Of a file that cannot be read: no. */
export async function isInUse(file: string): Promise<boolean> {
  const seen = await inspect(file, async () => {
    if (!fs.existsSync(file)) return { kind: 'missing' };
    using database = openUntouched(file);
    database.prepare('SELECT name FROM sqlite_schema').all();
    return { kind: 'sound' };
  });
  return seen.ok && seen.value.kind === 'in use';
}

const GONE: Damage = { sequence: 1, reason: 'the database file is missing' };

/** What is read through a write-ahead log leaves an index beside it (`-shm`): it goes again when it was not there before. */
async function inspect(
  file: string,
  look: () => Promise<Inspection | Damage>,
): Promise<Result<Inspection>> {
  const index = `${file}-shm`;
  const hadIndex = fs.existsSync(index);
  try {
    const seen = await look();
    if ('kind' in seen) return success(seen);
    return failure('JOURNAL_CORRUPT', { file, ...seen });
  } catch (thrown) {
    if (isBusy(thrown)) return success({ kind: 'in use' });
    return unavailable(reasonOf(thrown));
  } finally {
    if (!hadIndex) fs.rmSync(index, { force: true });
  }
}
