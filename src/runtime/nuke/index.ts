/** `nuke`: takes away what Skein made in a data directory, and nothing else. */
import { readFile, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, type Result, reasonOf, success } from '../../contracts/index.ts';
import { readGreeting } from '../../host/index.ts';
import { isInUse } from '../../journal/index.ts';
import { CONFIG_FILE } from '../../transport/index.ts';
import type { NukePlan } from './plan.ts';

export { type NukePlan, type PlannedFile, planNuke } from './plan.ts';

export interface Nuked {
  readonly files: number;
  readonly folders: number;
  readonly sizeBytes: number;
  /** Folders that stay, since something is in them that Skein did not make; the data directory too. */
  readonly left: readonly string[];
  /** What could not be removed, and why. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Does something still use what would be removed: a node that answers no command, or a nats-server that outlived its node?
 * Failure: NODE_RUNNING, with process ID 0, which is not known.
 */
export async function refuseInUse(plan: NukePlan): Promise<Result<void>> {
  for (const { path } of plan.files) {
    const isDatabase = /\/(journal|kv|state)\.db$/.test(path);
    const port = path.endsWith(`/nats/${CONFIG_FILE}`) ? await portIn(path) : undefined;
    const isServed = port !== undefined && (await readGreeting({ host: '127.0.0.1', port })).ok;
    if (isServed || (isDatabase && (await isInUse(path))))
      return failure('NODE_RUNNING', { dataDir: dirname(path), pid: 0 });
  }
  return success(undefined);
}

async function portIn(config: string): Promise<number | undefined> {
  const [, port] = /^port: (\d+)$/m.exec(await readFile(config, 'utf8')) ?? [];
  return port === undefined ? undefined : Number(port);
}

/**
 * Removes what the plan names, file by file, then the folders that are empty, the data directory last. Of a folder in which Skein
 * made nothing all stays. Never rejects.
 */
export async function nuke(dataDir: string, plan: NukePlan): Promise<Nuked> {
  const failed: { path: string; reason: string }[] = [];
  const left: string[] = [];
  let [files, folders, sizeBytes] = [0, 0, 0];
  for (const file of plan.files) {
    try {
      await unlink(file.path);
      files++;
      sizeBytes += file.sizeBytes;
    } catch (thrown) {
      failed.push({ path: file.path, reason: reasonOf(thrown) });
    }
  }
  for (const path of plan.files.length > 0 ? [...plan.folders, dataDir] : []) {
    try {
      await rmdir(path);
      folders++;
    } catch (thrown) {
      const { code } = thrown as { readonly code?: string };
      if (code === 'ENOTEMPTY' || code === 'EEXIST') left.push(path);
      else failed.push({ path, reason: reasonOf(thrown) });
    }
  }
  return { files, folders, sizeBytes, left, failed };
}

/** The data directories in a plan: of the node itself, and of each node of a group. */
export const dataDirsIn = (dataDir: string, plan: NukePlan): readonly string[] => [
  dataDir,
  ...plan.folders.filter((path) => dirname(path) === join(dataDir, 'nodes')),
];
