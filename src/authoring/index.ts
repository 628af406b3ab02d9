/** What an author of skills works with: types, bundling, tests and packages. No node loads it. */
export { endBundler } from './bundle.ts';
export { type DevelopOptions, developSkill } from './develop.ts';
export { type Packed, packSkill } from './pack.ts';
export { typesOfSchema } from './schema-types.ts';
export { skillTypes, TYPES_FILE, writeSkillTypes } from './skill-types.ts';
export { type Made, makeSkillFolder } from './template.ts';
export type { CaseReport } from './testing/case-lines.ts';
export {
  type FolderReport,
  type FolderTestOptions,
  testSkillFolder,
} from './testing/test-folder.ts';
export type { TypeCheck } from './type-check.ts';
