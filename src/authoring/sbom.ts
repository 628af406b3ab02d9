/**
 * The bill of materials of a package, CycloneDX 1.6: the author's files with their hashes and the npm packages that were bundled. No
 * time and no serial number: the same sources give the same bytes. https://cyclonedx.org/docs/1.6/json/
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  failure,
  LIMITS,
  type Result,
  reasonOf,
  type SkillManifest,
  success,
} from '../contracts/index.ts';
import { readBounded, type Sbom } from '../skills/index.ts';

const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** `inputs`: files relative to the folder, as the bundle names them. Failure: FILE_UNREADABLE. */
export async function sbomOf(
  folder: string,
  manifest: SkillManifest,
  inputs: readonly string[],
): Promise<Result<Sbom>> {
  const components: object[] = [];
  const packages = new Set<string>();
  for (const input of inputs) {
    const [, place] = PACKAGE_FOLDER.exec(input) ?? [];
    if (place !== undefined) packages.add(place);
    else {
      const file = await fileComponent(folder, input);
      if (!file.ok) return file;
      components.push(file.value);
    }
  }
  for (const place of [...packages].sort()) {
    const library = await libraryComponent(join(folder, place));
    if (!library.ok) return library;
    // One package in two places is one component: a reference names one.
    if (!components.some((each) => refOf(each) === refOf(library.value)))
      components.push(library.value);
  }
  const { name, version, description } = manifest;
  const ref = `${name}@${version}`;
  const licenses = licensesOf(manifest.license);
  const component = {
    type: 'application',
    'bom-ref': ref,
    name,
    version,
    description,
    ...licenses,
  };
  return success({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component },
    components,
  } as Sbom);
}

const refOf = (component: object): unknown =>
  (component as { readonly 'bom-ref'?: unknown })['bom-ref'];

async function fileComponent(folder: string, input: string): Promise<Result<object>> {
  try {
    const bytes = await readFile(join(folder, input));
    const content = createHash('sha256').update(bytes).digest('hex');
    const hashes = [{ alg: 'SHA-256', content }];
    return success({ type: 'file', 'bom-ref': `file:${input}`, name: input, hashes });
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file: input, reason: reasonOf(thrown) });
  }
}

async function libraryComponent(place: string): Promise<Result<object>> {
  const file = join(place, 'package.json');
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  try {
    const { name, version, license } = JSON.parse(text.value) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof version !== 'string')
      return failure('FILE_UNREADABLE', { file, reason: 'it names no package' });
    // https://github.com/package-url/purl-spec: the `@` of a scope is encoded.
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const licenses = licensesOf(license);
    return success({ type: 'library', 'bom-ref': purl, name, version, purl, ...licenses });
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file, reason: reasonOf(thrown) });
  }
}

/** As an expression, which one identifier is too. */
const licensesOf = (license: unknown): object =>
  typeof license === 'string' && license !== '' ? { licenses: [{ expression: license }] } : {};
