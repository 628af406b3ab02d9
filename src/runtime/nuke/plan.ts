/** What of a data directory is Skein's, found by walking it; no symbolic link is followed. */
import type { Dirent } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type Result, reasonOf, success } from '../../contracts/index.ts';
import { DATA_DIRECTORY, type Made } from './manifest.ts';

export interface PlannedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly by: string;
}

export interface NukePlan {
  readonly files: readonly PlannedFile[];
  /** Skein's folders, deepest first: each goes when nothing is left in it. None without files. */
  readonly folders: readonly string[];
  /** What Skein did not make, folders without what is in them. */
  readonly foreign: readonly string[];
  readonly sizeBytes: number;
}

/** So many entries and no more are looked at. */
const ENTRIES_MAX = 1_000_000;

/** Failures: ARGUMENT_INVALID (no folder, or a symbolic link), FILE_UNREADABLE. Changes nothing. */
export async function planNuke(dataDir: string): Promise<Result<NukePlan>> {
  const files: PlannedFile[] = [];
  const folders: string[] = [];
  const foreign: string[] = [];
  let entries = 0;

  const walk = async (folder: string, made: readonly Made[]): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (++entries > ENTRIES_MAX) throw new Error(`it has over ${ENTRIES_MAX} entries`);
      const path = join(folder, entry.name);
      const own = await ownerOf(entry, path, made);
      if (own?.kind === 'file') {
        files.push({ path, sizeBytes: (await lstat(path)).size, by: own.by });
      } else if (own?.kind === 'folder') {
        await walk(path, own.inside());
        folders.push(path);
      } else foreign.push(path);
    }
  };
  try {
    const found = await lstat(dataDir);
    if (!found.isDirectory()) {
      const kind = found.isSymbolicLink() ? 'a symbolic link' : 'no folder';
      const expected = 'the data directory itself';
      return failure('ARGUMENT_INVALID', { argument: '--data', found: kind, expected });
    }
    await walk(dataDir, DATA_DIRECTORY);
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file: dataDir, reason: reasonOf(thrown) });
  }
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  // Without a file of Skein's a folder with such a name is anybody's.
  return success({ files, folders: files.length > 0 ? folders : [], foreign, sizeBytes });
}

async function ownerOf(
  entry: Dirent,
  path: string,
  made: readonly Made[],
): Promise<Made | undefined> {
  const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : undefined;
  const own = made.find((each) => each.kind === kind && each.name.test(entry.name));
  if (own?.kind !== 'file' || own.begins === undefined) return own;
  return (await beginsWith(path, own.begins)) ? own : undefined;
}

async function beginsWith(path: string, text: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(text.length), 0, text.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === text;
  } finally {
    await handle.close();
  }
}
