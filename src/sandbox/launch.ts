/**
 * The command line of a host process, from the inside out:
 *
 *     setpriv --pdeathsig KILL  prlimit --core=0 --data=N  nice -n 10  node --no-node-snapshot --permission … host-main
 *
 * Each of the three wrappers replaces itself by the next, so the process keeps its ID and a signal meets Node. Each is used
 * where it is installed; `SandboxLevel` says which. Without them a host still dies with its pipe and by its own limits.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gte } from 'semver';
import type { ProcessSpec } from '../contracts/index.ts';
import { dataLimitBytes } from './budget.ts';
import type { ReadyFrame } from './host-frames.ts';

/** Below this, known escapes are open. */
const ISOLATED_VM_MIN = '7.0.1';
const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/opt/homebrew/bin'];
const HOST_PRIORITY = 10;

/** The defences in force around every skill, for `skein status`. */
export interface SandboxLevel {
  readonly isolatedVm: string;
  readonly node: string;
  /** Node's permission model: no network, no processes, no files, no addons once loaded. */
  readonly permissions: boolean;
  /** The kernel ends a host when the thread that started it ends. */
  readonly diesWithParent: boolean;
  /** The kernel bounds a host's memory. */
  readonly memoryCapped: boolean;
  /** Hosts yield the processor to the node. */
  readonly lowPriority: boolean;
}

export interface LaunchTools {
  readonly setpriv?: string;
  readonly prlimit?: string;
  readonly nice?: string;
}

export function findLaunchTools(exists: (file: string) => boolean = existsSync): LaunchTools {
  const tools: Record<string, string> = {};
  for (const name of ['setpriv', 'prlimit', 'nice']) {
    const file = TOOL_FOLDERS.map((folder) => `${folder}/${name}`).find(exists);
    if (file) tools[name] = file;
  }
  return tools;
}

export interface LaunchOptions {
  readonly tools: LaunchTools;
  readonly memoryClassMiB: number;
  /** The Node binary; default the one that runs this. */
  readonly node?: string;
}

export function launchSpec({ tools, memoryClassMiB, node }: LaunchOptions): ProcessSpec {
  const words = [
    ...(tools.setpriv ? [tools.setpriv, '--pdeathsig', 'KILL'] : []),
    ...(tools.prlimit
      ? [tools.prlimit, '--core=0', `--data=${dataLimitBytes(memoryClassMiB)}`]
      : []),
    ...(tools.nice ? [tools.nice, '-n', String(HOST_PRIORITY)] : []),
    node ?? process.execPath,
    '--no-node-snapshot',
    '--permission',
    '--allow-addons',
    '--allow-fs-read=*',
    '--disable-warning=PERM0001',
    hostMainFile(),
    ...(tools.prlimit ? [String(dataLimitBytes(memoryClassMiB))] : []),
  ];
  const [file = '', ...args] = words;
  // The whole environment: one time zone and one locale, so that every host computes the same.
  return { file, args, env: { TZ: 'UTC', LC_ALL: 'en_US.UTF-8' } };
}

/** `host-main` beside this file, in the form this file has: .ts in the repository, .js in the package. */
function hostMainFile(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./host-main.${extension}`, import.meta.url));
}

/** @returns why skills must not run on what this host reported, or undefined when all is well */
export function unfitReason(ready: ReadyFrame): string | undefined {
  if (!isAtLeast(ready.isolatedVm, ISOLATED_VM_MIN)) {
    return `isolated-vm is ${ready.isolatedVm}, ${ISOLATED_VM_MIN} is the least`;
  }
  if (ready.missing.length > 0) return `host processes lack ${ready.missing.join(', ')}`;
  return undefined;
}

function isAtLeast(version: string, least: string): boolean {
  try {
    return gte(version, least);
  } catch {
    return false;
  }
}

export const levelOf = (ready: ReadyFrame, tools: LaunchTools): SandboxLevel => ({
  isolatedVm: ready.isolatedVm,
  node: ready.node,
  permissions: ready.missing.length === 0,
  diesWithParent: tools.setpriv !== undefined,
  memoryCapped: tools.prlimit !== undefined,
  lowPriority: tools.nice !== undefined,
});
