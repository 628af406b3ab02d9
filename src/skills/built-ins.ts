/** The skills that come with Skein: each a package like any author's. */
import { fileURLToPath } from 'node:url';
import type { Result, SkillPackage } from '../contracts/index.ts';
import { loadSkillPackage } from './skill-package.ts';
import { stripOwnTypes } from './strip-types.ts';

const NAMES = ['hello', 'http_call', 'json_transform'];

export async function loadBuiltIns(): Promise<readonly Result<SkillPackage>[]> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return Promise.all(NAMES.map((name) => loadSkillPackage(`${here}${name}`, stripOwnTypes)));
}
