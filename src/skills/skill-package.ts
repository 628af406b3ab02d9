/** Loads a skill package from its folder: `skill.json` and one ES module, TypeScript or JavaScript. Nothing of it is run. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import {
  checkManifest,
  failure,
  LIMITS,
  type Result,
  readDocument,
  reasonOf,
  type SkillManifest,
  type SkillPackage,
  success,
} from '../contracts/index.ts';
import { type StripTypes, stripTypes } from './strip-types.ts';

const ENTRIES = ['index.ts', 'index.js'];

export async function loadSkillPackage(
  folder: string,
  strip: StripTypes = stripTypes,
): Promise<Result<SkillPackage>> {
  const manifest = await readManifest(folder);
  if (!manifest.ok) return manifest;
  const source = await readSource(folder, manifest.value, strip);
  return source.ok ? success(packageOf(manifest.value, source.value)) : source;
}

/** The `skill.json` of a folder. Failures: FILE_UNREADABLE, MANIFEST_INVALID with line and pointer. */
export async function readManifest(folder: string): Promise<Result<SkillManifest>> {
  const file = join(folder, 'skill.json');
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  const manifest = readDocument(text.value, checkManifest);
  return manifest.ok
    ? success(manifest.value)
    : failure('MANIFEST_INVALID', { file, ...manifest.error });
}

/** The package of a manifest and its module as JavaScript. The hash names both. */
export function packageOf(manifest: SkillManifest, source: string): SkillPackage {
  const hash = createHash('sha256')
    .update(canonicalize(manifest) ?? '')
    .update('\0')
    .update(source);
  return { manifest, source, contentHash: hash.digest('hex') };
}

async function readSource(
  folder: string,
  manifest: SkillManifest,
  strip: StripTypes,
): Promise<Result<string>> {
  const file = await findEntry(folder, manifest);
  if (!file.ok) return file;
  const text = await readBounded(file.value, LIMITS.skillSourceBytes);
  if (!text.ok || !file.value.endsWith('.ts')) return text;
  return strip(file.value, text.value);
}

/** The file of the skill's module. Failures: MANIFEST_INVALID, FILE_UNREADABLE. */
export async function findEntry(folder: string, manifest: SkillManifest): Promise<Result<string>> {
  const names = manifest.entry === undefined ? ENTRIES : [manifest.entry];
  for (const name of names) {
    if (name.includes('/') || name.includes('\\')) {
      const place = { file: join(folder, 'skill.json'), pointer: '/entry' };
      const expected = 'the name of a file beside skill.json';
      return failure('MANIFEST_INVALID', { ...place, found: JSON.stringify(name), expected });
    }
    const file = join(folder, name);
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) return success(file);
  }
  return failure('FILE_UNREADABLE', {
    file: join(folder, names.join(' or ')),
    reason: 'there is no such file',
  });
}

/**
 * Reads a text file of a bounded size. Decided on the opened file: a link may lead to what has no end and says that it is empty, such
 * as `/dev/zero`, or to a pipe that nobody writes to.
 */
export async function readBounded(file: string, limitBytes: number): Promise<Result<string>> {
  const unreadable = (reason: string) => failure('FILE_UNREADABLE', { file, reason });
  let opened: FileHandle | undefined;
  try {
    opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await opened.stat();
    if (!stats.isFile()) return unreadable('it is no regular file');
    const tooLarge = (size: number) => unreadable(`${size} bytes, over the limit of ${limitBytes}`);
    if (stats.size > limitBytes) return tooLarge(stats.size);
    // One more than it may have: some files say that they are empty, others grow.
    const bytes = Buffer.alloc(limitBytes + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await opened.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length > limitBytes ? tooLarge(length) : success(bytes.toString('utf8', 0, length));
  } catch (thrown) {
    const { code } = thrown as { readonly code?: string };
    return unreadable(code === 'ENOENT' ? 'there is no such file' : reasonOf(thrown));
  } finally {
    await opened?.close();
  }
}
