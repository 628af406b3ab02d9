/**
 * The files that a host process may see where the operating system can hide the others: Node, the libraries of the system,
 * Skein's own code and the packages that a host loads. Every one is for reading only.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface HostFile {
  /** The file or folder itself. */
  readonly real: string;
  /** Where the host finds it. */
  readonly at: string;
  readonly isFolder: boolean;
}

const LIBRARIES = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/nix/store'];
const LINKER_CACHE = '/etc/ld.so.cache';
/** What `host-main` loads beside Skein's own code; the last finds isolated-vm's addon. */
export const HOST_PACKAGES = ['isolated-vm', 'typebox', 'node-gyp-build'];

/** @param node the Node binary */
export function hostFiles(node: string): readonly HostFile[] {
  // src/ in the repository, dist/ in the package.
  const code = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const whole = [...LIBRARIES, LINKER_CACHE, node, code, join(dirname(code), 'package.json')];
  return [
    ...whole.filter((path) => existsSync(path)).map((path) => fileAt(path)),
    ...HOST_PACKAGES.flatMap((name) => findPackage(name, code) ?? []),
  ];
}

const fileAt = (at: string): HostFile => {
  const real = realpathSync(at);
  return { real, at, isFolder: statSync(real).isDirectory() };
};

/** Node's own way: the nearest `node_modules` that has it, upwards; then beside isolated-vm, as pnpm lays packages out. */
function findPackage(name: string, code: string): HostFile | undefined {
  const found = upwards(code)
    .map((folder) => join(folder, 'node_modules', name))
    .find((place) => existsSync(place));
  if (found) return fileAt(found);
  const isolatedVm = name === 'isolated-vm' ? undefined : findPackage('isolated-vm', code);
  if (!isolatedVm) return undefined;
  const beside = join(dirname(isolatedVm.real), name);
  if (!existsSync(beside)) return undefined;
  return { ...fileAt(beside), at: join(dirname(isolatedVm.at), name) };
}

function upwards(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}
