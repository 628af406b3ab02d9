/** `skein skills types | pack`: what a manifest says as types, and a folder as one package file. */
import { join, resolve } from 'node:path';
import { endBundler, packSkill, TYPES_FILE, writeSkillTypes } from '../../authoring/index.ts';
import { packageFileName, readManifest } from '../../skills/index.ts';
import { dim, type GlobalOptions, green, printJson, printLine, reportError } from '../output.ts';
import { writePackage } from './signing.ts';

export async function typesCommand(path: string, options: GlobalOptions): Promise<number> {
  const folder = resolve(path);
  const manifest = await readManifest(folder);
  const written = manifest.ok ? await writeSkillTypes(folder, manifest.value) : manifest;
  if (!written.ok) return reportError(written.error, options.json);
  const file = join(folder, TYPES_FILE);
  if (options.json) printJson({ file, written: written.value });
  else printLine(written.value ? `${green('written')} ${file}` : `${file} says it already`);
  return 0;
}

export async function packCommand(
  path: string,
  options: GlobalOptions & { readonly out?: string },
): Promise<number> {
  const packed = await packSkill(resolve(path));
  await endBundler();
  if (!packed.ok) return reportError(packed.error, options.json);
  const { signed, types, notes } = packed.value;
  const file = resolve(options.out ?? packageFileName(signed));
  const written = writePackage(file, signed);
  if (!written.ok) return reportError(written.error, options.json);
  const { manifest, contentHash, source } = signed.skill;
  const { name, version } = manifest;
  if (options.json) {
    printJson({
      file,
      name,
      version,
      contentHash,
      types,
      notes,
      components: signed.sbom.components.length,
    });
    return 0;
  }
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (types.kind === 'unchecked')
    process.stderr.write(`the types were not checked: ${types.reason}\n`);
  printLine(`${green('packed')} ${name}@${version} into ${file}`);
  printLine(
    dim(
      `content ${contentHash}, ${Buffer.byteLength(source)} bytes of ${signed.sbom.components.length} parts`,
    ),
  );
  return 0;
}
