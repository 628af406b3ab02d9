/**
 * Folders for sockets of this process, below the folder for temporary files. Each carries the ID of its process in its name, so that
 * what a killed process has left is known, and removed by the next that makes one.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
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
  // Those of other users stay: they may not be removed.
  await Promise.all(
    left
      .slice(0, REMOVED_MAX)
      .map((name) => rm(join(parent, name), { recursive: true }).catch(() => undefined)),
  );
  return mkdtemp(join(parent, `skein-link-${pid}-`));
}

/** Whether a process of that ID is there, of whichever user. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
