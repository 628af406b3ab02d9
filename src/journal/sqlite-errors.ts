/**
 * What an error of `node:sqlite` means for a journal: the file is damaged, or it cannot be reached or written now.
 * Result codes: https://www.sqlite.org/rescode.html
 */
import { type Failure, failure, reasonOf } from '../contracts/index.ts';

const PRIMARY_CODE = 0xff;
/** PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, AUTH: the outside. The rest speaks of the content. */
const OUTSIDE = new Set([3, 5, 6, 7, 8, 10, 13, 14, 23]);
/** BUSY and FULL: the transaction is undone for certain, and the next one may succeed. */
const PASSING = new Set([5, 13]);
/** CORRUPT, FORMAT, NOTADB. */
const DAMAGED = new Set([11, 24, 26]);

function primaryCode(thrown: unknown): number | undefined {
  const errcode = (thrown as { errcode?: unknown } | undefined)?.errcode;
  return typeof errcode === 'number' ? errcode & PRIMARY_CODE : undefined;
}

/** While a file is judged: may what was thrown come from its content? (A number beyond 2^53 is Node's own error.) */
export function speaksOfContent(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  if (code === undefined) return (thrown as { code?: unknown })?.code === 'ERR_OUT_OF_RANGE';
  return !OUTSIDE.has(code);
}

const BUSY = 5;

/** Another process has the file. */
export const isBusy = (thrown: unknown): boolean => primaryCode(thrown) === BUSY;

/** Is the database known to be as it was before the failed transaction, so that writing may go on? */
export function isPassing(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code !== undefined && PASSING.has(code);
}

export const unavailable = (reason: string): Failure<'JOURNAL_UNAVAILABLE'> =>
  failure('JOURNAL_UNAVAILABLE', { reason });

/** The failure for an error thrown while `sequence` was read from an open database. */
export function readFailure(
  thrown: unknown,
  { file, sequence }: { readonly file: string; readonly sequence: number },
): Failure<'JOURNAL_CORRUPT' | 'JOURNAL_UNAVAILABLE'> {
  const code = primaryCode(thrown);
  if (code !== undefined && DAMAGED.has(code))
    return failure('JOURNAL_CORRUPT', { file, sequence, reason: reasonOf(thrown) });
  return unavailable(reasonOf(thrown));
}
