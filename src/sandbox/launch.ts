/**
 * The command line of a host process, from the outside in:
 *
 *     setpriv --pdeathsig KILL  sh (enters a memory cgroup)  prlimit --core=0 --data=N  nice -n 10
 *       bwrap … | unshare …  setpriv (drops privileges)  node --no-node-snapshot --permission … host-main
 *
 * Each is used where it is installed and works; `SandboxLevel` says which. Each replaces itself by the next but for bwrap and
 * unshare: they stay outside the host's namespaces, have the process ID that the node knows, and take every process inside with
 * them when they are killed. Without any of them a host still dies with its pipe and by its own limits.
 *
 * bubblewrap dies with the node by an option of its own, which it sets once its child goes on: killed earlier, by setpriv, it would
 * leave a child that waits for it for ever. The node kills the whole process group, in which that child still is.
 */
import { fileURLToPath } from 'node:url';
import { gte } from 'semver';
import type { ProcessSpec } from '../contracts/index.ts';
import { dataLimitBytes } from './budget.ts';
import { hostFiles } from './host-files.ts';
import type { ReadyFrame } from './host-frames.ts';
import type { LaunchTools } from './launch-tools.ts';
import type { Tier } from './settings.ts';
import { NO_WALL, nodeFlagsBehind, type Wall, wallWords } from './wall.ts';

/** Below this, known escapes are open. */
const ISOLATED_VM_MIN = '7.0.1';
const HOST_PRIORITY = 10;
/** A shell adds the folder it is in to the environment. */
const ENTER_CGROUP = 'unset PWD OLDPWD; echo 0 >"$0" && exec "$@"';

export interface LaunchOptions {
  readonly tools: LaunchTools;
  readonly memoryClassMiB: number;
  /** The Node binary; default the one that runs this. */
  readonly node?: string;
  /** Default: none. */
  readonly wall?: Wall;
  /** Where the process writes itself into a memory cgroup. */
  readonly cgroupProcsFile?: string;
  /** V8 without its compilers: slower, and without the code of theirs that escapes have been made of. */
  readonly isJitless?: boolean;
  /** What a host process runs; default `host-main` as this program has it. */
  readonly hostMain?: string;
}

export function launchSpec(options: LaunchOptions): ProcessSpec {
  const { tools, memoryClassMiB, wall = NO_WALL, isJitless = false } = options;
  const [file = '', ...args] = [
    ...wrapperWords(options),
    options.node ?? process.execPath,
    ...nodeFlagsBehind(wall),
    '--no-node-snapshot',
    ...(isJitless ? ['--jitless'] : []),
    '--permission',
    '--allow-addons',
    '--allow-fs-read=*',
    '--disable-warning=PERM0001',
    options.hostMain ?? hostMainFile(),
    ...(tools.prlimit ? [String(dataLimitBytes(memoryClassMiB))] : []),
  ];
  return { file, args, env: HOST_ENVIRONMENT, isGroup: true };
}

/** The whole environment: one time zone and one locale, so that every host computes the same. */
export const HOST_ENVIRONMENT = { TZ: 'UTC', LC_ALL: 'en_US.UTF-8' } as const;

/** All that goes before Node on the command line. */
export function wrapperWords(options: LaunchOptions): readonly string[] {
  const { tools, memoryClassMiB, wall = NO_WALL, cgroupProcsFile } = options;
  const { setpriv, sh, prlimit, nice } = tools;
  return [
    ...(setpriv && wall.enclosure !== 'bubblewrap' ? [setpriv, '--pdeathsig', 'KILL'] : []),
    ...(sh && cgroupProcsFile ? [sh, '-c', ENTER_CGROUP, cgroupProcsFile] : []),
    ...(prlimit ? [prlimit, '--core=0', `--data=${dataLimitBytes(memoryClassMiB)}`] : []),
    ...(nice ? [nice, '-n', String(HOST_PRIORITY)] : []),
    ...(wall === NO_WALL
      ? []
      : wallWords(wall, tools, hostFiles(options.node ?? process.execPath))),
  ];
}

/** @returns why this program has no hosts of that tier, or undefined when it has */
export function tierRefusal(tier: Tier, hostMain: string = hostMainFile()): string | undefined {
  return tier === 'jitless' && hostMain.endsWith('.ts')
    ? 'Node strips types by WebAssembly, which --jitless takes away: install the built package (npm pack)'
    : undefined;
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
