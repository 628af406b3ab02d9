/** A file in pieces that end at line ends, so that a skill never needs the whole of it. One piece in memory at a time. */
import { open } from 'node:fs/promises';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';

export interface FileChunk {
  readonly file: string;
  /** From 0. */
  readonly chunk: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Plans the pieces of a file: at most `chunkBytes` each; a longer line is cut where a character ends. */
export async function planChunks(
  file: string,
  chunkBytes: number,
): Promise<Result<readonly FileChunk[]>> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    const chunks: FileChunk[] = [];
    const buffer = Buffer.alloc(Math.min(chunkBytes, Math.max(size, 1)));
    for (let offset = 0; offset < size || chunks.length === 0; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      const isLast = bytesRead === 0 || offset + bytesRead >= size;
      const bytes = isLast ? bytesRead : cutAt(buffer.subarray(0, bytesRead));
      chunks.push({ file, chunk: chunks.length, offset, bytes });
      if (bytesRead === 0) break;
      offset += bytes;
    }
    return success(chunks);
  } catch (thrown) {
    return unreadable(file, thrown);
  }
}

export async function readChunk({ file, offset, bytes }: FileChunk): Promise<Result<string>> {
  try {
    await using handle = await open(file, 'r');
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
    return success(buffer.toString('utf8', 0, bytesRead));
  } catch (thrown) {
    return unreadable(file, thrown);
  }
}

const NEWLINE = 0x0a;

function cutAt(bytes: Buffer): number {
  const newline = bytes.lastIndexOf(NEWLINE);
  if (newline >= 0) return newline + 1;
  let end = bytes.length;
  // UTF-8 continuation bytes are 10xxxxxx: never cut in front of one.
  while (end > 1 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return end > 1 ? end - 1 : bytes.length;
}

const unreadable = (file: string, thrown: unknown) => {
  const { code } = thrown as { readonly code?: string };
  return failure('FILE_UNREADABLE', {
    file,
    reason: code === 'ENOENT' ? 'there is no such file' : reasonOf(thrown),
  });
};
