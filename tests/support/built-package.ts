/** Skein as npm has it, compiled into a folder of its own: what runs where types cannot be stripped, as under --jitless. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltPackage {
  /** Imports a compiled file of `src`: `sandbox/index`. */
  readonly load: (file: string) => Promise<unknown>;
  readonly remove: () => void;
}

export function buildPackage(): BuiltPackage {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'skein-built-')));
  // The same files as with the types checked, in a third of the time; `npm run check` is what checks them.
  const words = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false'];
  words.push('--outDir', join(folder, 'dist'));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, words, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc: ${stdout}`);
  const skills = join(root, 'src/skills');
  for (const name of readdirSync(skills)) {
    const manifest = join(skills, name, 'skill.json');
    if (existsSync(manifest))
      copyFileSync(manifest, join(folder, 'dist/skills', name, 'skill.json'));
  }
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    load: (file) => import(pathToFileURL(join(folder, 'dist', `${file}.js`)).href),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
