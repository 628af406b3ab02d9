/**
 * Putting a new database in the place of a damaged one, so that a crash at any point leaves either the old state or a
 * replacement that the next opening finishes. Nothing damaged is deleted: it is renamed to `<file>.damaged-<sequence>`
 * with its companions, under which SQLite can still open it.
 *
 *     new database complete, as <file>.new  ->  note written: from here on it will happen  ->  old files renamed
 *     ->  head file  ->  <file>.new renamed to <file>  ->  note removed
 */
import fs from 'node:fs';
import { COMPANIONS, syncFolder, writeFileDurably } from './database-file.ts';
import type { ChainHead } from './hash-chain.ts';
import { createHeadFile } from './head-file.ts';

/** What was done about damage. */
export interface Recovered {
  /** The first event (or entry) that was not kept; everything before it was. */
  readonly sequence: number;
  readonly reason: string;
  /** The damaged database; its companions have the same name with their suffix. */
  readonly setAside: string;
}

interface Note extends Recovered {
  readonly head?: ChainHead;
}

export const newFileOf = (file: string): string => `${file}.new`;
const noteOf = (file: string): string => `${file}-recovery`;

/** Removes what a crash left of a database that was never put in place. It holds nothing that was acknowledged. */
export function removeUnfinished(file: string): void {
  for (const suffix of ['', ...COMPANIONS]) fs.rmSync(newFileOf(file) + suffix, { force: true });
}

/**
 * Replaces the database `file` by the complete and closed `<file>.new`.
 * @throws what the file system threw; `finishReplacement` then goes on where this stopped
 */
export function replaceDamaged(
  file: string,
  found: { readonly sequence: number; readonly reason: string; readonly head?: ChainHead },
): Recovered {
  const note: Note = { ...found, setAside: freeName(`${file}.damaged-${found.sequence}`) };
  writeFileDurably(noteOf(file), JSON.stringify(note));
  return finishReplacement(file) ?? note;
}

/** Does what the note of an interrupted replacement says. Without a note it does nothing. Safe to repeat. */
export function finishReplacement(file: string): Recovered | undefined {
  if (!fs.existsSync(noteOf(file))) return undefined;
  const { head, ...recovered } = JSON.parse(fs.readFileSync(noteOf(file), 'utf8')) as Note;
  if (fs.existsSync(newFileOf(file))) {
    for (const suffix of ['', ...COMPANIONS]) moveAside(file + suffix, recovered.setAside + suffix);
    if (head) createHeadFile(file, head);
    fs.renameSync(newFileOf(file), file);
    syncFolder(file);
  }
  fs.rmSync(noteOf(file));
  return recovered;
}

/** What has been moved already is not overwritten: `from` is then part of the replacement. */
function moveAside(from: string, to: string): void {
  if (fs.existsSync(from) && !fs.existsSync(to)) fs.renameSync(from, to);
}

function freeName(wanted: string): string {
  const isTaken = (name: string): boolean =>
    ['', ...COMPANIONS].some((suffix) => fs.existsSync(name + suffix));
  for (let copy = 1; copy <= 1_000; copy++) {
    const name = copy === 1 ? wanted : `${wanted}.${copy}`;
    if (!isTaken(name)) return name;
  }
  throw new Error(`${wanted} and 999 more names are taken; remove some`);
}
