/** Journals and stores on disk for the tests of this folder: making, copying, damaging and judging them. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect } from 'vitest';
import type { RecordedEvent, Result } from '../../../src/contracts/index.ts';
import { realClock, realTimers } from '../../../src/host/index.ts';
import {
  openSqliteJournal,
  openSqliteKeyValue,
  type SqliteJournal,
} from '../../../src/journal/index.ts';

export const SUFFIXES = ['', '-wal', '-shm', '-head'] as const;
export const STREAMS = ['a', 'b', 'c'] as const;

/** A folder that is removed when the test file is done. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-journal-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function valueIn<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected success, found ${result.error.message}`);
  return result.value;
}
export const codeIn = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);

export const open = (file: string, onDamage: 'fail' | 'keep-prefix' = 'fail') =>
  openSqliteJournal({ file, clock: realClock, timers: realTimers, onDamage });

export const openStore = (file: string, onDamage: 'fail' | 'keep-readable' = 'fail') =>
  openSqliteKeyValue({ file, timers: realTimers, onDamage });

/** Appends `count` events, each in a transaction of its own, in turn to each stream. */
export async function fill(journal: SqliteJournal, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const stream = STREAMS[at % STREAMS.length] as string;
    const body = { at, text: `event ${at} `.repeat(1 + (at % 5) * 10) };
    valueIn(await journal.append(stream, [{ type: 'noted', body }]));
  }
}

/** Every event of a journal in the order of its sequence. */
export async function everything(journal: SqliteJournal): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (const stream of valueIn(await journal.streams('')))
    events.push(...valueIn(await journal.read(stream)));
  return events.sort((left, right) => left.sequence - right.sequence);
}

/** Copies a database with its companions; the copy is what a crash at this moment would leave. */
export function copyJournal(from: string, to: string): string {
  for (const suffix of SUFFIXES)
    if (fs.existsSync(from + suffix)) fs.copyFileSync(from + suffix, to + suffix);
  return to;
}

export function flipBit(file: string, { byte, bit }: { byte: number; bit: number }): void {
  const bytes = fs.readFileSync(file);
  bytes[byte] = (bytes[byte] as number) ^ (1 << bit);
  fs.writeFileSync(file, bytes);
}

/** Changes the rows of a closed database behind the journal's back. */
export function tamper(file: string, sql: string): void {
  using database = new DatabaseSync(file);
  database.exec(sql);
}

/** The names in the folder of `file` that begin with its name, without it. */
export const suffixesBeside = (file: string): string[] =>
  fs
    .readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(path.basename(file)))
    .map((name) => name.slice(path.basename(file).length))
    .sort();

/** The promise about damage: a typed failure, or exactly the true events, or a prefix of them that is reported as one. */
export async function expectTruthOrTypedFailure(
  file: string,
  truth: readonly RecordedEvent[],
): Promise<'refused' | 'recovered' | 'sound'> {
  const strict = await open(file);
  if (strict.ok) {
    expect(await everything(strict.value)).toEqual(truth);
    await strict.value.close();
    return 'sound';
  }
  expect(['JOURNAL_CORRUPT', 'JOURNAL_UNAVAILABLE']).toContain(strict.error.code);
  if (strict.error.code === 'JOURNAL_UNAVAILABLE') return 'refused';

  const { sequence } = strict.error.details as { sequence: number };
  const journal = valueIn(await open(file, 'keep-prefix'));
  expect(journal.recovered?.sequence).toBe(sequence);
  expect(await everything(journal)).toEqual(truth.slice(0, sequence - 1));
  expect(valueIn(await journal.verify())).toBe(Math.min(sequence - 1, truth.length));
  expect(codeIn(await journal.append('a', [{ type: 'next', body: null }]))).toBe('ok');
  await journal.close();
  const again = valueIn(await open(file));
  expect(again.recovered).toBeUndefined();
  await again.close();
  return 'recovered';
}
