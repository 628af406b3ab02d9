/**
 * Where registered packages are kept: in memory, or one file a version in a folder. A file appears whole or not at all, is on
 * the disk before `save` settles, and is checked against its content hash when it is loaded.
 */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { SkillPackage } from '../contracts/index.ts';
import { checkManifest, failure, type Result, reasonOf, success } from '../contracts/index.ts';
import { packageOf } from './skill-package.ts';

export interface PackageStore {
  /** Failures: FILE_UNREADABLE, REGISTRY_DAMAGED. */
  readonly load: () => Promise<Result<readonly SkillPackage[]>>;
  /** Durable when it settles with success. A version that is there already is replaced. */
  readonly save: (skill: SkillPackage) => Promise<Result<void>>;
}

export function memoryPackageStore(): PackageStore {
  const packages = new Map<string, SkillPackage>();
  return {
    load: async () => success([...packages.values()]),
    save: async (skill) => {
      packages.set(fileName(skill), structuredClone(skill));
      return success(undefined);
    },
  };
}

const fileName = ({ manifest }: SkillPackage): string =>
  `${manifest.name}@${manifest.version}.json`;

export function folderPackageStore(folder: string): PackageStore {
  return {
    load: async () => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
        const packages: SkillPackage[] = [];
        for (const name of names) {
          const skill = await loadFile(join(folder, name));
          if (!skill.ok) return skill;
          packages.push(skill.value);
        }
        return success(packages);
      } catch (thrown) {
        return failure('FILE_UNREADABLE', { file: folder, reason: reasonOf(thrown) });
      }
    },
    save: async (skill) => {
      const file = join(folder, fileName(skill));
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeDurably(`${file}.new`, JSON.stringify(skill));
        await rename(`${file}.new`, file);
        await syncFolder(folder);
        return success(undefined);
      } catch (thrown) {
        return failure('FILE_UNWRITABLE', { file, reason: reasonOf(thrown) });
      }
    },
  };
}

async function loadFile(file: string): Promise<Result<SkillPackage>> {
  const damaged = (reason: string) => failure('REGISTRY_DAMAGED', { file, reason });
  let stored: Partial<SkillPackage> | null;
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as Partial<SkillPackage> | null;
  } catch (thrown) {
    return damaged(reasonOf(thrown));
  }
  const manifest = checkManifest(stored?.manifest);
  if (!manifest.ok || typeof stored?.source !== 'string') return damaged('it holds no package');
  const skill = packageOf(manifest.value, stored.source);
  return skill.contentHash === stored.contentHash
    ? success(skill)
    : damaged('its content does not have the hash that was stored with it');
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
