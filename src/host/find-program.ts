/**
 * Finds a program that Skein runs but does not ship: on PATH, in the folders where distributions put servers, or, where
 * Debian's package tools are, unpacked from its package into the user's cache. Needs no root and installs nothing.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';

export interface WantedProgram {
  readonly program: string;
  readonly debianPackage: string;
  /** Default: `$XDG_CACHE_HOME/skein` or `~/.cache/skein`. */
  readonly cacheDir?: string;
  /** Fetches the package when the program is nowhere. Default: yes. */
  readonly isFetched?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const run = promisify(execFile);
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/usr/bin'];
const UNPACKED_FOLDERS = ['usr/bin', 'usr/sbin'];
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Failure: PROGRAM_MISSING, with the one command that installs it. */
export async function findProgram(wanted: WantedProgram): Promise<Result<string>> {
  const { program, debianPackage, env = process.env } = wanted;
  const cache = wanted.cacheDir ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skein');
  const unpacked = join(cache, debianPackage);
  const folders = [
    ...(env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...SERVER_FOLDERS,
    ...UNPACKED_FOLDERS.map((folder) => join(unpacked, folder)),
  ];
  const found = await firstExecutable(folders, program);
  if (found !== undefined) return success(found);
  let reason = `its package has no ${program}`;
  if (wanted.isFetched === false)
    return failure('PROGRAM_MISSING', {
      program,
      package: debianPackage,
      reason: 'nobody was asked to fetch it',
    });
  try {
    await unpackDebian(debianPackage, cache, unpacked);
    const made = await firstExecutable(folders, program);
    if (made !== undefined) return success(made);
  } catch (thrown) {
    reason = reasonOf(thrown);
  }
  return failure('PROGRAM_MISSING', { program, package: debianPackage, reason });
}

async function firstExecutable(
  folders: readonly string[],
  program: string,
): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** Unpacks beside its place and moves it there whole, so that two at once and one that is cut off do no harm. */
async function unpackDebian(debianPackage: string, cache: string, place: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'download-'));
  try {
    await download(debianPackage, work);
    const [file] = (await readdir(work)).filter((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download ${debianPackage} brought no file`);
    const tree = join(work, 'tree');
    await run('dpkg', ['-x', join(work, file), tree], { timeout: DOWNLOAD_TIMEOUT_MS });
    await rename(tree, place).catch((thrown: { readonly code?: string }) => {
      if (thrown.code !== 'ENOTEMPTY' && thrown.code !== 'EEXIST') throw thrown;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A machine whose package lists were never fetched gets lists of its own, beside the download. */
async function download(debianPackage: string, work: string): Promise<void> {
  const at = { cwd: work, timeout: DOWNLOAD_TIMEOUT_MS };
  try {
    await run('apt-get', ['download', debianPackage], at);
  } catch {
    await mkdir(join(work, 'lists/partial'), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${work}`];
    await run('apt-get', [...own, 'update'], at);
    await run('apt-get', [...own, 'download', debianPackage], at);
  }
}
