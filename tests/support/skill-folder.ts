/** Folders of skills for tests, in a folder of their own that is removed at the end. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { manifestOf } from './packages.ts';

export interface SkillFolders {
  readonly root: string;
  /** Files by their path; `skill.json` is made from the given fields. */
  readonly make: (fields: object, files: Readonly<Record<string, string>>) => string;
  readonly remove: () => void;
}

export function skillFolders(): SkillFolders {
  const root = mkdtempSync(join(tmpdir(), 'skein-skills-'));
  let made = 0;
  return {
    root,
    make: (fields, files) => {
      const folder = join(root, `skill-${++made}`);
      const manifest = { ...manifestOf('weather', '1.0.0'), ...fields };
      const all = { 'skill.json': JSON.stringify(manifest, null, 2), ...files };
      for (const [path, text] of Object.entries(all)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      return folder;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
