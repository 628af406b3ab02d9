/** One request for a file, done in a jail. */
import { failure, type Json, LIMITS, type Result, success } from '../../contracts/index.ts';
import type { FileRequest } from './file-request.ts';
import type { Admit, PathJail } from './path-jail.ts';

export async function serveFile(
  jail: PathJail,
  request: FileRequest,
  admit?: Admit,
): Promise<Result<Json>> {
  const { path } = request;
  switch (request.op) {
    case 'read': {
      const read = await jail.read(path, LIMITS.fileBytes);
      return read.ok ? textOf(read.value, request.encoding) : read;
    }
    case 'write': {
      const bytes = Buffer.from(request.data, request.encoding);
      if (bytes.length > LIMITS.fileBytes) {
        return failure('FILE_TOO_LARGE', { limit: LIMITS.fileBytes, unit: 'bytes' });
      }
      return nothing(await jail.write(path, bytes, admit));
    }
    case 'list': {
      const listed = await jail.list(path);
      return listed.ok ? success(listed.value.map((entry) => ({ ...entry }))) : listed;
    }
    case 'stat':
      return jail.stat(path);
    case 'remove':
      return nothing(await jail.remove(path, admit));
    case 'rename':
      return nothing(await jail.rename(path, request.to, admit));
    case 'mkdir':
      return nothing(await jail.mkdir(path, admit));
  }
}

const nothing = (result: Result<void>): Result<Json> => (result.ok ? success(null) : result);

function textOf(bytes: Buffer, encoding: 'utf8' | 'base64'): Result<Json> {
  if (encoding === 'base64') return success(bytes.toString('base64'));
  try {
    return success(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const reason = 'the file is no text in UTF-8; read it as base64';
    return failure('HOST_CALL_INVALID', { capability: 'fs', reason });
  }
}
