/** What the file system says, as typed failures that tell nothing of what is outside a workspace. */
import type { BigIntStats } from 'node:fs';
import { type Failure, failure, type Result, success } from '../../contracts/index.ts';
import { printable } from '../printable.ts';

export interface Facts {
  readonly kind: 'file' | 'folder';
  readonly bytes: number;
  readonly inode: bigint;
}

const PATH_SHOWN = 200;

/** To be thrown inside the jail and returned by `resultOf`. */
export const refuse = (path: string, reason: string): Failure =>
  failure('PATH_REFUSED', { path: printable(path, PATH_SHOWN), reason });

/** A regular file with one name, or a folder; all else is refused. */
export function factsOf(path: string, stats: BigIntStats): Facts {
  if (stats.isDirectory()) return { kind: 'folder', bytes: 0, inode: stats.ino };
  if (!stats.isFile()) throw refuse(path, 'it is no regular file');
  if (stats.nlink !== 1n) throw refuse(path, 'it has more than one name');
  return { kind: 'file', bytes: Number(stats.size), inode: stats.ino };
}

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
const REFUSALS: Readonly<Record<string, string>> = {
  ELOOP: 'links are not followed',
  ENXIO: 'it is no regular file',
  EISDIR: 'it is a folder',
  EEXIST: 'it is there already',
  ENOTEMPTY: 'the folder is not empty',
  EINVAL: 'a folder cannot be moved into itself',
};

export async function resultOf<T>(path: string, work: () => Promise<T>): Promise<Result<T>> {
  try {
    return success(await work());
  } catch (thrown) {
    if (isFailure(thrown)) return named(thrown, path);
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    const shown = printable(path, PATH_SHOWN);
    if (NOT_THERE.has(code)) return failure('FILE_NOT_FOUND', { path: shown });
    const reason = REFUSALS[code];
    return reason === undefined
      ? failure('FILE_FAILED', { path: shown, reason: code })
      : refuse(path, reason);
  }
}

/** A refusal names the path as the skill wrote it, whatever part of it was met. */
const named = (refusal: Failure, path: string): Failure =>
  refusal.error.code === 'PATH_REFUSED'
    ? refuse(path, (refusal.error.details as { readonly reason: string }).reason)
    : refusal;

const isFailure = (thrown: unknown): thrown is Failure =>
  typeof thrown === 'object' && thrown !== null && 'ok' in thrown && thrown.ok === false;
