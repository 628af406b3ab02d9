/**
 * The path jail: files beneath one folder and nothing else. Every decision is made on an opened descriptor. A path is walked folder
 * by folder, each opened from the one before it without following a link; what is opened last must be a regular file with one name,
 * on the root's file system, and its real location beneath the root's. Links are never followed, wherever they point, so that a
 * refusal says nothing about what is outside.
 */
import { constants, type Dirent } from 'node:fs';
import { mkdir, open, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import { failure, LIMITS, type Random, type Result, success } from '../../contracts/index.ts';
import { type Descriptors, descriptorsOf, type Opened } from './descriptors.ts';
import { type Facts, factsOf, refuse, resultOf } from './file-errors.ts';
import { parsePath, TEMPORARY } from './path-name.ts';

export interface ListedFile {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** What an operation would add, negative when it takes away. Answers with a failure to stop it. */
export type Admit = (change: { readonly bytes: number; readonly files: number }) => Result<void>;

export interface PathJailOptions {
  readonly random: Pick<Random, 'bytes'>;
  /** Default: that of the platform. */
  readonly descriptors?: Descriptors;
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
/** Without waiting: a pipe that nobody writes to would hold the reader for ever. */
const ANYTHING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const ADMIT_ALL: Admit = () => success(undefined);

export class PathJail {
  readonly #root: Opened;
  readonly #device: bigint;
  readonly #random: Pick<Random, 'bytes'>;
  readonly #at: Descriptors;

  /** Failure: FILE_FAILED. The root's own path may have links in it. */
  static open(root: string, options: PathJailOptions): Promise<Result<PathJail>> {
    return resultOf(root, async () => {
      const handle = await open(root, O_RDONLY | O_DIRECTORY);
      const { dev } = await handle.stat({ bigint: true });
      return new PathJail({ handle, path: root }, dev, options);
    });
  }

  private constructor(root: Opened, device: bigint, options: PathJailOptions) {
    this.#root = root;
    this.#device = device;
    this.#random = options.random;
    this.#at = options.descriptors ?? descriptorsOf(process.platform);
  }

  /** Failures: PATH_REFUSED, FILE_NOT_FOUND, FILE_TOO_LARGE (over `maxBytes`), FILE_FAILED. */
  read(path: string, maxBytes: number): Promise<Result<Buffer>> {
    return this.#within(path, async (use, folder, name) => {
      const { opened, facts } = await this.#probe(use, folder, name);
      if (facts.kind !== 'file') throw refuse(path, 'it is no regular file');
      const tooLarge = failure('FILE_TOO_LARGE', { limit: maxBytes, unit: 'bytes' });
      if (facts.bytes > maxBytes) throw tooLarge;
      // One more than it should have: a file may grow while it is read.
      const bytes = Buffer.alloc(Math.min(facts.bytes, maxBytes) + 1);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await opened.handle.read(
          bytes,
          length,
          bytes.length - length,
          length,
        );
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > maxBytes) throw tooLarge;
      return bytes.subarray(0, length);
    });
  }

  /** Whole or not at all: the old content stays until the new is in its place. Failures: as of `read`, and what `admit` gives. */
  write(path: string, bytes: Uint8Array, admit: Admit = ADMIT_ALL): Promise<Result<void>> {
    return this.#within(path, async (use, folder, name) => {
      if (name === undefined) throw refuse(path, 'it is no regular file');
      const old = await this.#probeIfAny(use, folder, name);
      if (old && old.kind !== 'file') throw refuse(path, 'it is no regular file');
      const change = { bytes: bytes.length - (old?.bytes ?? 0), files: old ? 0 : 1 };
      const admitted = admit(change);
      if (!admitted.ok) throw admitted;
      try {
        await this.#replace(use, folder, name, bytes);
      } catch (thrown) {
        admit({ bytes: -change.bytes, files: -change.files });
        throw thrown;
      }
    });
  }

  /** At most LIMITS.workspaceFiles names, sorted. Failures: PATH_REFUSED, FILE_NOT_FOUND, FILE_FAILED. */
  list(path: string): Promise<Result<readonly ListedFile[]>> {
    return this.#within(path, async (use, parent, name) => {
      const folder = name === undefined ? parent : await this.#enter(use, parent, name);
      const listed: ListedFile[] = [];
      for await (const entry of await opendir(this.#at.folderPath(folder))) {
        if (listed.length >= LIMITS.workspaceFiles) break;
        if (!entry.name.startsWith(TEMPORARY)) {
          listed.push({ name: entry.name, kind: kindOf(entry) });
        }
      }
      return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /** Failures: PATH_REFUSED, FILE_NOT_FOUND, FILE_FAILED. */
  stat(
    path: string,
  ): Promise<Result<{ readonly kind: 'file' | 'folder'; readonly bytes: number }>> {
    return this.#within(path, async (use, folder, name) => {
      const { kind, bytes } = (await this.#probe(use, folder, name)).facts;
      return { kind, bytes: kind === 'file' ? bytes : 0 };
    });
  }

  /** A file, or a folder with nothing in it. Failures: PATH_REFUSED, FILE_NOT_FOUND, FILE_FAILED. */
  remove(path: string, admit: Admit = ADMIT_ALL): Promise<Result<void>> {
    return this.#within(path, async (use, folder, name) => {
      if (name === undefined) throw refuse(path, 'it is not named by its last part');
      const { kind, bytes } = (await this.#probe(use, folder, name)).facts;
      const child = this.#at.childPath(folder, name);
      await (kind === 'file' ? unlink(child) : rmdir(child));
      admit({ bytes: kind === 'file' ? -bytes : 0, files: -1 });
    });
  }

  /** A file or a folder; a file at `to` is replaced. Failures: as of `write`. */
  async rename(path: string, to: string, admit: Admit = ADMIT_ALL): Promise<Result<void>> {
    const moved = await this.#within(path, async (use, folder, name) => {
      if (name === undefined) throw refuse(path, 'it is not named by its last part');
      const { facts } = await this.#probe(use, folder, name);
      const from = this.#at.childPath(folder, name);
      return this.#within(to, async (useThere, there, newName) => {
        if (newName === undefined) throw refuse(to, 'it is not named by its last part');
        const old = await this.#probeIfAny(useThere, there, newName);
        if (old?.inode === facts.inode) return;
        if (old && old.kind !== 'file') throw refuse(to, 'it is no regular file');
        const target = this.#at.childPath(there, newName);
        await rename(from, target);
        // A folder that was moved out of the workspace meanwhile takes nothing with it.
        if (there !== this.#root) {
          await this.#checked(there).catch(async (thrown) => {
            await rename(target, from);
            throw thrown;
          });
        }
        if (old) admit({ bytes: -old.bytes, files: -1 });
      });
    });
    return moved.ok ? moved.value : moved;
  }

  /** Every folder of the path that there is not. Failures: PATH_REFUSED, FILE_FAILED and what `admit` gives. */
  mkdir(path: string, admit: Admit = ADMIT_ALL): Promise<Result<void>> {
    return this.#within(`${path}/.`, async () => undefined, admit);
  }

  close(): Promise<void> {
    return this.#root.handle.close();
  }

  /** Walks to the folder of a path and works there; whatever `use` was given is closed afterwards. */
  #within<T>(
    path: string,
    work: (use: Use, folder: Opened, name: string | undefined) => Promise<T>,
    make?: Admit,
  ): Promise<Result<T>> {
    return resultOf(path, async () => {
      const parsed = parsePath(path);
      if (typeof parsed === 'string') throw refuse(path, parsed);
      const held: Opened[] = [];
      const use: Use = async (opening, openedPath) => {
        const opened = { handle: await opening, path: openedPath };
        held.push(opened);
        return opened;
      };
      try {
        const walked = [this.#root];
        for (const part of parsed.folders) {
          if (part === '..') walked.pop();
          else walked.push(await this.#enter(use, walked.at(-1) ?? this.#root, part, make));
        }
        return await work(use, walked.at(-1) ?? this.#root, parsed.name);
      } finally {
        await Promise.all(held.map(({ handle }) => handle.close()));
      }
    });
  }

  async #enter(use: Use, folder: Opened, name: string, make?: Admit): Promise<Opened> {
    const path = this.#at.childPath(folder, name);
    try {
      return await this.#checked(await use(open(path, FOLDER), path));
    } catch (thrown) {
      if (!make || (thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    }
    const admitted = make({ bytes: 0, files: 1 });
    if (!admitted.ok) throw admitted;
    await mkdir(path, FOLDER_MODE);
    return this.#checked(await use(open(path, FOLDER), path));
  }

  /** What is there, decided on its descriptor. */
  async #probe(
    use: Use,
    folder: Opened,
    name: string | undefined,
  ): Promise<{ readonly opened: Opened; readonly facts: Facts }> {
    const path = name === undefined ? folder.path : this.#at.childPath(folder, name);
    const opened =
      name === undefined ? folder : await this.#checked(await use(open(path, ANYTHING), path));
    return { opened, facts: factsOf(name ?? '.', await opened.handle.stat({ bigint: true })) };
  }

  async #probeIfAny(use: Use, folder: Opened, name: string): Promise<Facts | undefined> {
    try {
      return (await this.#probe(use, folder, name)).facts;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  async #replace(use: Use, folder: Opened, name: string, bytes: Uint8Array): Promise<void> {
    const suffix = Buffer.from(this.#random.bytes(12)).toString('hex');
    const temporary = this.#at.childPath(folder, `${TEMPORARY}${suffix}`);
    const target = this.#at.childPath(folder, name);
    const written = await use(open(temporary, NEW_FILE, FILE_MODE), temporary);
    let place = temporary;
    try {
      await this.#checked(written);
      await written.handle.writeFile(bytes);
      await this.#checked(written);
      await rename(temporary, target);
      place = target;
      await this.#checked({ ...written, path: target });
    } catch (thrown) {
      await unlink(place).catch(() => undefined);
      throw thrown;
    }
  }

  /** On the root's file system and beneath the root, wherever it was when its name was looked up. */
  async #checked(opened: Opened): Promise<Opened> {
    const { dev } = await opened.handle.stat({ bigint: true });
    const [root, location] = await Promise.all([
      this.#at.locationOf(this.#root),
      this.#at.locationOf(opened),
    ]);
    const isBeneath = root !== undefined && location?.startsWith(`${root}/`) === true;
    if (!isBeneath || dev !== this.#device) throw refuse('it', 'it is not in the workspace');
    return opened;
  }
}

type Use = (opening: ReturnType<typeof open>, path: string) => Promise<Opened>;

const kindOf = (entry: Dirent): ListedFile['kind'] =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
