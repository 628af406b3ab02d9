/**
 * Removes a folder with all that is in it, however deep: a skill can nest folders deeper than any path may be long. Folders are taken out
 * of folders, to beneath the root, until none holds another, so that no path is longer than the root's and two names. Links are removed,
 * never followed.
 */
import type { Dirent } from 'node:fs';
import { readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY } from './path-name.ts';

const codeOf = (thrown: unknown): string | undefined => (thrown as NodeJS.ErrnoException).code;

/** Nothing when there is no such folder. @throws what the file system says */
export async function removeTree(root: string): Promise<void> {
  let moved = 0;
  /** To a name that no skill can give; one may be left of a removal that broke off. */
  const takeOut = async (folder: string): Promise<void> => {
    for (;;) {
      try {
        return await rename(folder, join(root, `${TEMPORARY}${++moved}`));
      } catch (thrown) {
        if (codeOf(thrown) !== 'ENOTEMPTY' && codeOf(thrown) !== 'EEXIST') throw thrown;
      }
    }
  };
  for (;;) {
    const entries = await entriesOf(root);
    if (!entries) return;
    if (entries.length === 0) return rmdir(root);
    for (const entry of entries) {
      const path = join(root, entry.name);
      if (!entry.isDirectory()) {
        await unlink(path);
        continue;
      }
      for (const inner of (await entriesOf(path)) ?? []) {
        const innerPath = join(path, inner.name);
        await (inner.isDirectory() ? takeOut(innerPath) : unlink(innerPath));
      }
      await rmdir(path);
    }
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
