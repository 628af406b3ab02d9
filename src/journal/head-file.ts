/**
 * The head file, `<file>-head`: the end of the chain, kept outside the database. SQLite takes a write-ahead log that was cut
 * short, or deleted, for a log with fewer commits, and the database then looks like an older, whole one. This record says
 * how far the journal had come.
 *
 * It is overwritten in place after each commit and not fsynced, which would double the price of a commit. It outlives the
 * process; after a power failure it may be older than the database, never newer, so it is a lower bound and no false alarm.
 */

import { hash as digest } from 'node:crypto';
import fs from 'node:fs';
import { writeFileDurably } from './database-file.ts';
import type { ChainHead } from './hash-chain.ts';

const RECORD = /^skein-journal-head (\d{16}) ([0-9a-f]{64}) ([0-9a-f]{16})\n$/;

export const headFileOf = (file: string): string => `${file}-head`;

export function headRecord({ count, hash }: ChainHead): string {
  const facts = `${String(count).padStart(16, '0')} ${hash}`;
  return `skein-journal-head ${facts} ${digest('sha256', facts).slice(0, 16)}\n`;
}

/** @returns undefined for a text that `headRecord` did not write */
export function parseHeadRecord(text: string): ChainHead | undefined {
  const [, count, hash] = RECORD.exec(text) ?? [];
  if (count === undefined || hash === undefined) return undefined;
  const head = { count: Number(count), hash };
  return headRecord(head) === text ? head : undefined;
}

/** @throws what the file system threw, but for a missing file */
export function readHeadFile(file: string): ChainHead | 'missing' | 'damaged' {
  try {
    return parseHeadRecord(fs.readFileSync(headFileOf(file), 'latin1')) ?? 'damaged';
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ENOENT') return 'missing';
    throw thrown;
  }
}

export const createHeadFile = (file: string, head: ChainHead): void =>
  writeFileDurably(headFileOf(file), headRecord(head));

export interface HeadFile {
  readonly write: (head: ChainHead) => void;
  readonly close: () => void;
}

/** Opens the existing head file for overwriting: always the same bytes, inside one disk sector. */
export function openHeadFile(file: string): HeadFile {
  const descriptor = fs.openSync(headFileOf(file), 'r+');
  return {
    write: (head) => {
      try {
        fs.writeSync(descriptor, headRecord(head), 0, 'latin1');
      } catch {
        // The events are on the disk, which is what a receipt promises; an older record is still a true lower bound.
      }
    },
    close: () => fs.closeSync(descriptor),
  };
}
