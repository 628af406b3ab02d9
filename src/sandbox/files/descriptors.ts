/**
 * How the jail gets from one opened descriptor to the next. On Linux by `/proc/self/fd/N/name`, which the kernel resolves from the
 * descriptor: openat(2) in effect, so nothing that is renamed above it matters. Elsewhere by name; then the descriptor counts only if
 * its device and inode are those of its real path, before and after: a swap in between is refused, one that is undone in time is
 * not seen. Run nodes that others share a file system with on Linux.
 */
import { type FileHandle, readlink, realpath, stat } from 'node:fs/promises';

export interface Opened {
  readonly handle: FileHandle;
  /** As it was opened. */
  readonly path: string;
}

export interface Descriptors {
  readonly childPath: (folder: Opened, name: string) => string;
  readonly folderPath: (folder: Opened) => string;
  /** The real path of what is open; undefined when it cannot be told. */
  readonly locationOf: (opened: Opened) => Promise<string | undefined>;
}

const ofDescriptor = ({ handle }: Opened): string => `/proc/self/fd/${handle.fd}`;

export const byDescriptor: Descriptors = {
  childPath: (folder, name) => `${ofDescriptor(folder)}/${name}`,
  folderPath: ofDescriptor,
  locationOf: (opened) => readlink(ofDescriptor(opened)),
};

export const byName: Descriptors = {
  childPath: ({ path }, name) => `${path}/${name}`,
  folderPath: ({ path }) => path,
  locationOf: async ({ handle, path }) => {
    const real = await realpath(path);
    const [there, here] = await Promise.all([
      stat(real, { bigint: true }),
      handle.stat({ bigint: true }),
    ]);
    return there.dev === here.dev && there.ino === here.ino ? real : undefined;
  },
};

export const descriptorsOf = (platform: string): Descriptors =>
  platform === 'linux' ? byDescriptor : byName;
