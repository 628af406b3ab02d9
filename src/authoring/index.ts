/** What an author of skills works with: types, bundling, tests and packages. No node loads it. */
export { endBundler } from './bundle.ts';
export { type Packed, packSkill } from './pack.ts';
export { typesOfSchema } from './schema-types.ts';
export { skillTypes, TYPES_FILE, writeSkillTypes } from './skill-types.ts';
export type { TypeCheck } from './type-check.ts';
