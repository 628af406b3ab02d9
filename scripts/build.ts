/** `npm run build`: what the published package holds. Sources run as they are in a checkout; this is for npm alone. */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('compile', join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json']);
const skills = join(root, 'src/skills');
for (const entry of readdirSync(skills, { withFileTypes: true })) {
  const manifest = join(skills, entry.name, 'skill.json');
  if (entry.isDirectory() && existsSync(manifest))
    cpSync(manifest, join(root, 'dist/skills', entry.name, 'skill.json'));
}
