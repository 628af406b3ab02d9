/**
 * Folders for sockets of this process, below the folder for temporary files. Each carries the ID of its process in its name, so that
 * what a killed process has left is known, and removed by the next that makes one.
 */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^skein-link-(\d{1,10})-[A-Za-z0-9]{6}$/;
/** Leftovers that are removed at once: a start is not to wait for a thousand. */
const REMOVED_MAX = 100;

export interface SocketFolders {
  /** Of temporary files. */
  readonly parent: string;
  readonly pid: number;
  readonly isAlive: (pid: number) => boolean;
}

export async function makeSocketFolder({ parent, pid, isAlive }: SocketFolders): Promise<string> {
  const left = (await readdir(parent)).flatMap((name) => {
    const [, owner] = NAME.exec(name) ?? [];
    return owner !== undefined && Number(owner) !== pid && !isAlive(Number(owner)) ? [name] : [];
  });
  await Promise.all(left.slice(0, REMOVED_MAX).map((name) => removeOwn(join(parent, name))));
  return mkdtemp(join(parent, `skein-link-${pid}-`));
}

/**
 * Those of other users stay, also where root may remove them: whoever owns a folder can put a link to another in its place while it is
 * gone through.
 */
async function removeOwn(folder: string): Promise<void> {
  try {
    const found = await lstat(folder);
    if (found.isDirectory() && found.uid === process.getuid?.())
      await rm(folder, { recursive: true });
  } catch {
    // Another process was faster, or something in it cannot be removed.
  }
}

/** Whether a process of that ID is there, of whichever user. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
