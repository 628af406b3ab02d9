/**
 * An SQLite file as this room uses it: made whole or not at all, judged without being changed, written by one process.
 *
 * - Created under the name `<file>.new` and renamed, so that a file with the right name always has its tables.
 * - Judged through a read-only connection: closing a connection that may write would copy the write-ahead log into the
 *   database and delete it, and with it what a damaged log could still tell.
 * - Written with WAL and `synchronous=FULL` (each commit is fsynced before it is acknowledged) under an exclusive lock,
 *   because streams, counts and the end of the chain are held in memory and a second writer would make them lies.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** What the file must be, to the letter: tables by name, with the statement that made each. */
export interface DatabaseShape {
  readonly applicationId: number;
  readonly version: number;
  readonly tables: Readonly<Record<string, string>>;
}

/** What SQLite leaves beside a database, and the head file of a journal. */
export const COMPANIONS = ['-wal', '-shm', '-journal', '-head'] as const;

/**
 * Makes the complete database `file`, which must not exist, with what `fill` writes in one transaction.
 * On return it is on the disk, closed, and has no companions; its name is not yet synced (`syncFolder`).
 * @throws what SQLite or the file system threw
 */
export function createDatabase(
  file: string,
  shape: DatabaseShape,
  fill: (database: DatabaseSync) => void,
): void {
  using database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = FULL');
  database.exec('BEGIN IMMEDIATE');
  for (const statement of Object.values(shape.tables)) database.exec(statement);
  database.exec(`PRAGMA application_id = ${shape.applicationId}`);
  database.exec(`PRAGMA user_version = ${shape.version}`);
  fill(database);
  database.exec('COMMIT');
  database.exec('PRAGMA journal_mode = WAL');
}

/** @throws what SQLite threw; a file that is locked by its writer is only found at the first read */
export const openReadOnly = (file: string): DatabaseSync =>
  new DatabaseSync(file, { readOnly: true });

/**
 * Opens for reading and makes no file: through a log that is there, as any reader does; without one, which is how a writer that
 * closed in order leaves it, as a file that does not change. A log that is there gets an index beside it (`-shm`).
 * @throws what SQLite threw
 */
export const openUntouched = (file: string): DatabaseSync => {
  if (fs.existsSync(`${file}-wal`)) return openReadOnly(file);
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
};

/** As its header says, since SQLite says of a file that does not change that it has none. https://sqlite.org/fileformat.html */
export function journalModeIn(file: string): string {
  const descriptor = fs.openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(2);
    fs.readSync(descriptor, bytes, 0, 2, FORMAT_VERSIONS_AT);
    return bytes.every((version) => version === WAL_FORMAT) ? 'wal' : 'another';
  } finally {
    fs.closeSync(descriptor);
  }
}
const FORMAT_VERSIONS_AT = 18;
const WAL_FORMAT = 2;

/** Opens for appending and takes the lock. @throws what SQLite threw, BUSY when another process has the file */
export function openForWriting(file: string): DatabaseSync {
  // A missing file would be created empty, without its tables.
  fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('BEGIN IMMEDIATE; COMMIT');
    // Left by the judgement; a connection with an exclusive lock keeps this index in its own memory.
    fs.rmSync(`${file}-shm`, { force: true });
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * Judges everything but the rows: page structure, header and schema. Reads the whole file (0.5 s a GB when it is cached).
 * @returns a sentence saying what is wrong, or undefined  @throws what SQLite threw
 */
export function structuralDefect(
  database: DatabaseSync,
  shape: DatabaseShape,
  journalMode = pragmaValue(database, 'journal_mode'),
): string | undefined {
  const expected = {
    application_id: shape.applicationId,
    user_version: shape.version,
    encoding: 'UTF-8',
    auto_vacuum: 0,
  };
  if (journalMode !== 'wal') return `its journal_mode is ${journalMode}, not wal`;
  for (const [pragma, value] of Object.entries(expected)) {
    const found = pragmaValue(database, pragma);
    if (found !== value) return `its ${pragma} is ${found}, not ${value}`;
  }
  const found = database.prepare('SELECT name, sql FROM sqlite_schema').all();
  const same =
    found.length === Object.keys(shape.tables).length &&
    found.every(({ name, sql }) => shape.tables[String(name)] === sql);
  if (!same) return 'its tables are not the expected ones';
  const check = pragmaValue(database, 'quick_check(1)');
  return check === 'ok' ? undefined : `its pages are damaged: ${String(check).trim()}`;
}

function pragmaValue(database: DatabaseSync, pragma: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
}

/** Makes the names in the folder of `file` as durable as the files. */
export function syncFolder(file: string): void {
  const descriptor = fs.openSync(path.dirname(path.resolve(file)), 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Writes a small file so that it is there with all its bytes or not at all. @throws what the file system threw */
export function writeFileDurably(file: string, content: string, mode = 0o666): void {
  const partial = `${file}.partial`;
  fs.rmSync(partial, { force: true });
  fs.writeFileSync(partial, content, { flush: true, mode });
  fs.renameSync(partial, file);
  syncFolder(file);
}
