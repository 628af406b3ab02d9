/**
 * Where registered packages are kept: in memory, or one file a version in a folder. A file appears whole or not at all, is on
 * the disk before `save` settles, and is checked against its content hash when it is loaded.
 */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checker,
  checkManifest,
  failure,
  type Result,
  reasonOf,
  success,
} from '../contracts/index.ts';
import type { HeldSkill } from './held-skill.ts';
import { PublicationSchema } from './package-file.ts';
import { packageOf } from './skill-package.ts';

export interface PackageStore {
  /** Failures: FILE_UNREADABLE, REGISTRY_DAMAGED. */
  readonly load: () => Promise<Result<readonly HeldSkill[]>>;
  /** Durable when it settles with success. A version that is there already is replaced. */
  readonly save: (held: HeldSkill) => Promise<Result<void>>;
}

export function memoryPackageStore(): PackageStore {
  const packages = new Map<string, HeldSkill>();
  return {
    load: async () => success([...packages.values()]),
    save: async (held) => {
      packages.set(fileName(held), structuredClone(held));
      return success(undefined);
    },
  };
}

const fileName = ({ skill: { manifest } }: HeldSkill): string =>
  `${manifest.name}@${manifest.version}.json`;

const checkPublication = checker(PublicationSchema);

export function folderPackageStore(folder: string): PackageStore {
  return {
    load: async () => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
        const packages: HeldSkill[] = [];
        for (const name of names) {
          const held = await loadFile(join(folder, name));
          if (!held.ok) return held;
          packages.push(held.value);
        }
        return success(packages);
      } catch (thrown) {
        return failure('FILE_UNREADABLE', { file: folder, reason: reasonOf(thrown) });
      }
    },
    save: async (held) => {
      const file = join(folder, fileName(held));
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeDurably(`${file}.new`, JSON.stringify(recordOf(held)));
        await rename(`${file}.new`, file);
        await syncFolder(folder);
        return success(undefined);
      } catch (thrown) {
        return failure('FILE_UNWRITABLE', { file, reason: reasonOf(thrown) });
      }
    },
  };
}

/** One that was added by folder has no more than the package itself: the form of the first version. */
const recordOf = ({ skill, isAdded, published }: HeldSkill): object =>
  published ? { ...skill, isAdded, published } : skill;

async function loadFile(file: string): Promise<Result<HeldSkill>> {
  const damaged = (reason: string) => failure('REGISTRY_DAMAGED', { file, reason });
  let stored: Partial<ReturnType<typeof recordOf> & Record<string, unknown>> | null;
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as typeof stored;
  } catch (thrown) {
    return damaged(reasonOf(thrown));
  }
  const manifest = checkManifest(stored?.manifest);
  if (!manifest.ok || typeof stored?.source !== 'string') return damaged('it holds no package');
  const skill = packageOf(manifest.value, stored.source);
  if (skill.contentHash !== stored.contentHash)
    return damaged('its content does not have the hash that was stored with it');
  if (stored.published === undefined) return success({ skill, isBuiltIn: false, isAdded: true });
  const published = checkPublication(stored.published);
  if (!published.ok) return damaged(`${published.mismatch.pointer}: ${published.mismatch.found}`);
  const isAdded = stored.isAdded === true;
  return success({ skill, isBuiltIn: false, isAdded, published: published.value });
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is on the disk once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
