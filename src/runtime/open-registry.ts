/** The skills of a node: registered in its data directory, built in, and from folders named at its start. */
import { join } from 'node:path';
import type { Result } from '../contracts/index.ts';
import {
  folderPackageStore,
  loadBuiltIns,
  loadSkillPackage,
  memoryPackageStore,
  type RegistryTrust,
  SkillRegistry,
} from '../skills/index.ts';
import type { NodeOptions } from './node-options.ts';

/** Beside the data of a node, unless it is told another. */
export const SIGNERS_FILE = 'trusted-signers.yaml';

/** `trust`: whose packages run; default nobody's. */
export async function openRegistry(
  { dataDir, skillFolders: folders = [] }: Pick<NodeOptions, 'dataDir' | 'skillFolders'>,
  trust?: RegistryTrust,
): Promise<Result<SkillRegistry>> {
  const store =
    dataDir === 'memory' ? memoryPackageStore() : folderPackageStore(join(dataDir, 'skills'));
  const registry = await SkillRegistry.open(store, trust);
  if (!registry.ok) return registry;
  const loaded = [
    ...(await loadBuiltIns()).map((skill) => ['built-in', skill] as const),
    ...(await Promise.all(folders.map((folder) => loadSkillPackage(folder)))).map(
      (skill) => ['added', skill] as const,
    ),
  ];
  for (const [origin, skill] of loaded) {
    const added = skill.ok ? registry.value.hold(skill.value, origin) : skill;
    if (!added.ok) return added;
  }
  return registry;
}
