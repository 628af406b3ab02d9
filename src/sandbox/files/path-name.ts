/**
 * A path as a skill writes it, taken apart without asking the file system. Names that mean something else to another system (drives,
 * streams, schemes, separators) are refused everywhere, so that a skill behaves the same wherever it runs.
 */
import { LIMITS } from '../../contracts/index.ts';

export interface PathName {
  /** Folders to walk, in order; `..` goes back by one and never beyond the root. */
  readonly folders: readonly string[];
  /** The last part; undefined when the path can only mean a folder. */
  readonly name: string | undefined;
}

/** Of a file that is being written, beside the one that it replaces. */
export const TEMPORARY = '.skein-';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f\\:]/;

/** @returns why the path is refused, as a text */
export function parsePath(path: string): PathName | string {
  if (path === '') return 'it is empty';
  if (path.length > LIMITS.filePathLength) {
    return `it has more than ${LIMITS.filePathLength} characters`;
  }
  if (!path.isWellFormed()) return 'it has half of a character';
  if (FORBIDDEN.test(path)) return 'it has a control character, a backslash or a colon';
  if (path.startsWith('/')) return 'it is not relative';
  const parts = path.split('/');
  const last = parts.at(-1) ?? '';
  const isFolder = last === '' || last === '.' || last === '..';
  const folders: string[] = [];
  let depth = 0;
  for (const part of isFolder ? parts : parts.slice(0, -1)) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return 'it leaves the workspace';
    if (depth > LIMITS.folderDepth) return `it is deeper than ${LIMITS.folderDepth} folders`;
    folders.push(part);
  }
  if (parts.some((part) => part.startsWith(TEMPORARY))) return `${TEMPORARY} is the node’s own`;
  return { folders, name: isFolder ? undefined : last };
}
