/** The workspace of a run in memory, with the names, limits and refusals of the real one; there are no links in it. */
import { posix } from 'node:path';
import { failure, type Json, LIMITS, type Result, success } from '../contracts/index.ts';
import { type FileRequest, type Files, parsePath } from '../sandbox/index.ts';

export interface MemoryFiles extends Files {
  /** Every file with its content, by path. */
  readonly list: () => Readonly<Record<string, string>>;
}

const ROOT = '';

export function memoryFiles(given: Readonly<Record<string, string>>): MemoryFiles {
  const files = new Map<string, Buffer>();
  const folders = new Set([ROOT]);
  const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const makeFolders = (path: string): void => {
    for (let up = path; up !== ROOT; up = parentOf(up)) folders.add(up);
  };
  for (const [path, text] of Object.entries(given)) {
    makeFolders(parentOf(path));
    files.set(path, Buffer.from(text));
  }
  const within = (folder: string): readonly string[] =>
    [...files.keys(), ...folders].filter((path) => path !== ROOT && parentOf(path) === folder);
  const refused = (path: string, reason: string) => failure('PATH_REFUSED', { path, reason });
  const missing = (path: string) => failure('FILE_NOT_FOUND', { path });

  const rename = (path: string, to: string): Result<Json> => {
    const parsed = parsePath(to);
    if (typeof parsed === 'string') return refused(to.slice(0, 200), parsed);
    if (!files.has(path) && !folders.has(path)) return missing(path);
    const target = posix.normalize(to);
    if (parsed.name === undefined || folders.has(target)) {
      return refused(to.slice(0, 200), 'it is no regular file');
    }
    if (!folders.has(parentOf(target))) return missing(to.slice(0, 200));
    if (target.startsWith(`${path}/`)) {
      return refused(path, 'a folder cannot be moved into itself');
    }
    const moved = (each: string) => each === path || each.startsWith(`${path}/`);
    for (const [each, bytes] of [...files].filter(([each]) => moved(each))) {
      files.delete(each);
      files.set(target + each.slice(path.length), bytes);
    }
    for (const each of [...folders].filter(moved)) {
      folders.delete(each);
      folders.add(target + each.slice(path.length));
    }
    return success(null);
  };
  const serve = (request: FileRequest): Result<Json> => {
    const shown = request.path.slice(0, 200);
    const parsed = parsePath(request.path);
    if (typeof parsed === 'string') return refused(shown, parsed);
    const walked: string[] = [];
    for (const part of parsed.folders) {
      if (part === '..') walked.pop();
      else walked.push(part);
      const isThere = folders.has(walked.join('/'));
      if (!isThere && request.op !== 'mkdir') return missing(shown);
      if (files.has(walked.join('/'))) return missing(shown);
    }
    const path = [...walked, ...(parsed.name === undefined ? [] : [parsed.name])].join('/');
    const file = parsed.name === undefined ? undefined : files.get(path);
    const isFolder = folders.has(path);
    switch (request.op) {
      case 'read': {
        if (isFolder) return refused(shown, 'it is no regular file');
        if (!file) return missing(shown);
        if (file.length > LIMITS.fileBytes)
          return failure('FILE_TOO_LARGE', { limit: LIMITS.fileBytes, unit: 'bytes' });
        return success(file.toString(request.encoding));
      }
      case 'write':
        if (isFolder || parsed.name === undefined) return refused(shown, 'it is no regular file');
        files.set(path, Buffer.from(request.data, request.encoding));
        return success(null);
      case 'list': {
        if (!isFolder) return missing(shown);
        const names = within(path).map((each) => ({
          name: each.slice(path === ROOT ? 0 : path.length + 1),
          kind: files.has(each) ? 'file' : 'folder',
        }));
        return success(names.sort((a, b) => (a.name < b.name ? -1 : 1)));
      }
      case 'stat':
        if (file) return success({ kind: 'file', bytes: file.length });
        return isFolder ? success({ kind: 'folder', bytes: 0 }) : missing(shown);
      case 'remove':
        if (parsed.name === undefined) return refused(shown, 'it is not named by its last part');
        if (within(path).length > 0) return refused(shown, 'the folder is not empty');
        return files.delete(path) || folders.delete(path) ? success(null) : missing(shown);
      case 'rename':
        return rename(path, request.to);
      case 'mkdir':
        if (file) return missing(shown);
        makeFolders(path);
        return success(null);
    }
  };
  return {
    serve: async (request) => serve(request),
    list: () => Object.fromEntries([...files].map(([path, bytes]) => [path, bytes.toString()])),
  };
}
