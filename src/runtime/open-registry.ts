/** The skills of a node: registered in its data directory, built in, and from folders named at its start. */
import { join } from 'node:path';
import type { Result } from '../contracts/index.ts';
import {
  folderPackageStore,
  loadBuiltIns,
  loadSkillPackage,
  memoryPackageStore,
  SkillRegistry,
} from '../skills/index.ts';
import type { NodeOptions } from './node-options.ts';

export async function openRegistry({
  dataDir,
  skillFolders: folders = [],
}: Pick<NodeOptions, 'dataDir' | 'skillFolders'>): Promise<Result<SkillRegistry>> {
  const store =
    dataDir === 'memory' ? memoryPackageStore() : folderPackageStore(join(dataDir, 'skills'));
  const registry = await SkillRegistry.open(store);
  if (!registry.ok) return registry;
  const loaded = [...(await loadBuiltIns()), ...(await Promise.all(folders.map(loadSkillPackage)))];
  for (const skill of loaded) {
    const added = skill.ok ? registry.value.hold(skill.value) : skill;
    if (!added.ok) return added;
  }
  return registry;
}
