/**
 * Capability `fs`: files in the workspace of the run, `ctx.fs.read(path)`, `write(path, data)`, `list`, `stat`, `remove`,
 * `rename(path, to)`, `mkdir`.
 * `read` allows the calls that change nothing, `write` all.
 */
import { posix } from 'node:path';
import { failure, type Json, type Result } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import { type FileRequest, readFileRequest } from '../files/file-request.ts';
import { type Capability, resourceId } from './capability.ts';

/** The workspace of one run. Never rejects. */
export interface Files {
  readonly serve: (request: FileRequest) => Promise<Result<Json>>;
}

const WRITING: readonly string[] = ['write', 'remove', 'rename', 'mkdir'];
const plainPath = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');
const namedPath = (path: unknown): string =>
  typeof path === 'string' ? resourceId(plainPath(path)) : '';
const opOf = (name: string): string => name.slice('fs.'.length);

export const fs: Capability<'fs'> = {
  name: 'fs',
  calls: Object.keys(CALLS.fs),
  effective: (asked, granted) => {
    if (!asked || !granted) return undefined;
    return asked === 'write' && granted === 'write' ? 'write' : 'read';
  },
  missing: ({ files }) => (files ? undefined : 'this node has no workspace for the run'),
  serve: async ({ name, args }, grant, { files }) => {
    const op = opOf(name);
    if (WRITING.includes(op) && grant !== 'write') {
      return failure('CAPABILITY_DENIED', { capability: 'fs', reason: 'only reading was granted' });
    }
    const request = readFileRequest(op, args);
    if (typeof request === 'string') {
      return failure('HOST_CALL_INVALID', { capability: 'fs', reason: request });
    }
    return files ? files.serve(request) : failure('INTERNAL', { reason: 'fs without a workspace' });
  },
  actionOf: ({ name, args: [path, to] }) => ({
    /** Without the ways around: `a/../b` is `b`, whichever a policy names. */
    resource: { type: 'Path', id: namedPath(path) },
    attributes: {
      op: opOf(name),
      writes: WRITING.includes(opOf(name)),
      ...(opOf(name) === 'rename' ? { to: namedPath(to) } : {}),
    },
  }),
};
