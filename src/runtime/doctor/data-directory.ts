/** The data directory: there, this user's to write, with room, and its secrets kept from others. */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../contracts/index.ts';
import { type Check, fail, ok, warn } from './check.ts';

const FREE_BYTES_MIN = 64 * 1024 * 1024;
const FREE_BYTES_WANTED = 1024 * 1024 * 1024;
const OTHERS = 0o077;
const SECRETS = ['node.key', 'nats/node.nk'] as const;

export const dataDirectoryCheck: Check = {
  layer: 'data directory',
  needs: [],
  look: async ({ dataDir }) => {
    const found = await stat(dataDir).catch((thrown: { readonly code?: string }) => thrown);
    if ('code' in found && found.code === 'ENOENT')
      return warn(`${dataDir} does not exist`, '`skein up` makes it; or name another with --data.');
    if (!('isDirectory' in found))
      return fail(`${dataDir}: ${reasonOf(found)}`, 'See that this user can open it.');
    if (!found.isDirectory()) return fail(`${dataDir} is no folder`, 'Name a folder with --data.');
    try {
      await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch {
      return fail(
        `${dataDir} is not writable`,
        'Give it to the user that runs the node (chown), or name another with --data.',
      );
    }
    for (const name of SECRETS) {
      const secret = await stat(join(dataDir, name)).catch(() => undefined);
      if (secret && (secret.mode & OTHERS) !== 0)
        return fail(
          `others can read ${name}: its mode is ${(secret.mode & 0o777).toString(8)}`,
          `Run chmod 600 ${join(dataDir, name)}; if others had it, move it away, and a new one is made.`,
        );
    }
    const { bavail, bsize } = await statfs(dataDir);
    const freeBytes = bavail * bsize;
    const free = `${Math.floor(freeBytes / (1024 * 1024))} MiB free`;
    const advice = 'Make room on the disk of the data directory.';
    if (freeBytes < FREE_BYTES_MIN) return fail(`${dataDir} has ${free}`, advice);
    if (freeBytes < FREE_BYTES_WANTED) return warn(`${dataDir} has ${free}`, advice);
    return ok(`${dataDir}, ${free}`);
  },
};
