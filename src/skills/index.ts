/** Skill packages: how they are loaded, which of them a node holds, and the built-in ones. */
export { loadBuiltIns } from './built-ins.ts';
export { SkillCatalog } from './catalog.ts';
export { nearest } from './nearest.ts';
export { folderPackageStore, memoryPackageStore, type PackageStore } from './package-store.ts';
export { SkillRegistry } from './registry.ts';
export { loadSkillPackage, packageOf, readBounded } from './skill-package.ts';
