/**
 * How thick the wall is on this machine: which of its layers are in force, and for each that is not, the one command that
 * adds it. Facts about the operating system are those that a host process found on itself.
 */
import { failure, type Result } from '../contracts/index.ts';
import type { ReadyFrame } from './host-frames.ts';
import type { LaunchTools } from './launch-tools.ts';
import { NAMESPACES, type Namespace, type OsFacts } from './os-facts.ts';
import type { Wall } from './wall.ts';

/** `process` asks the operating system for nothing, `best` for what it has, `strict` refuses to run skills without all of it. */
export const SANDBOX_LEVELS = ['process', 'best', 'strict'] as const;
export type WantedLevel = (typeof SANDBOX_LEVELS)[number];

export interface MissingLayer {
  readonly layer: string;
  /** A command, or what to do where no command does it. */
  readonly how: string;
}

/** The defences in force around every skill, for `skein status`. */
export interface SandboxLevel {
  readonly wanted: WantedLevel;
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
  readonly enclosure: Wall['enclosure'];
  /** Namespaces that a host does not share with the node. */
  readonly namespaces: readonly Namespace[];
  /** A host sees the files that it needs, for reading, and no other. */
  readonly ownFiles: boolean;
  readonly noNewPrivileges: boolean;
  /** Neither root nor any capability. */
  readonly unprivileged: boolean;
  readonly memoryCgroup: 'v1' | 'v2' | 'none';
  /** Layers that are not in force. */
  readonly missing: readonly MissingLayer[];
}

export interface Reached {
  readonly wanted: WantedLevel;
  readonly tools: LaunchTools;
  readonly wall: Wall;
  readonly memoryCgroup: 'v1' | 'v2' | 'none';
  /** The node's own, in the order of `NAMESPACES`. */
  readonly nodeNamespaces: readonly string[];
}

export function levelOf(ready: ReadyFrame, reached: Reached): SandboxLevel {
  const { wanted, tools, wall, memoryCgroup, nodeNamespaces } = reached;
  const { os } = ready;
  const level = {
    wanted,
    isolatedVm: ready.isolatedVm,
    node: ready.node,
    permissions: ready.missing.length === 0,
    diesWithParent: tools.setpriv !== undefined,
    memoryCapped: tools.prlimit !== undefined,
    lowPriority: tools.nice !== undefined,
    enclosure: wall.enclosure,
    namespaces: ownNamespaces(os, nodeNamespaces),
    ownFiles: os !== undefined && !os.seesAllFiles,
    noNewPrivileges: os?.noNewPrivileges === true,
    unprivileged: os !== undefined && os.user > 0 && os.capabilityless,
    memoryCgroup,
  };
  return { ...level, missing: missingOf(level, tools) };
}

/** One that cannot be read on either side counts as shared. */
const ownNamespaces = (os: OsFacts | undefined, nodes: readonly string[]): readonly Namespace[] =>
  NAMESPACES.filter((_, at) => {
    const [its, ours] = [os?.namespaces[at], nodes[at]];
    return Boolean(its) && Boolean(ours) && its !== ours;
  });

const UTIL_LINUX = 'apt-get install -y util-linux';
const BUBBLEWRAP = 'apt-get install -y bubblewrap';
/** With the program there, what is in its way is the kernel's rule about user namespaces; Ubuntu has a second one. */
const USER_NAMESPACES =
  'sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 user.max_user_namespaces=10000';
const DELEGATION =
  'systemd-run --pty -p Delegate=memory -p DelegateSubgroup=node skein up (or let the node write its memory cgroup)';
const LINUX = 'run the node on Linux';
const NOT_ASKED_FOR = 'start the node with --sandbox-level best';

function missingOf(
  level: Omit<SandboxLevel, 'missing'>,
  { bwrap, setpriv }: LaunchTools,
): readonly MissingLayer[] {
  const enclosing = bwrap ? USER_NAMESPACES : BUBBLEWRAP;
  const layers: readonly (readonly [boolean, string, string])[] = [
    [level.permissions, 'permissions', 'use Node 26 or later'],
    [level.diesWithParent, 'death with the parent', UTIL_LINUX],
    [level.memoryCapped, 'memory limit', UTIL_LINUX],
    [level.namespaces.includes('net'), 'network namespace', enclosing],
    [level.namespaces.includes('pid'), 'process namespace', enclosing],
    [level.ownFiles, 'own files', enclosing],
    [level.noNewPrivileges, 'no new privileges', UTIL_LINUX],
    [
      level.unprivileged,
      'unprivileged user',
      setpriv ? 'start the node as another user than root' : UTIL_LINUX,
    ],
    [level.memoryCgroup !== 'none', 'memory cgroup', DELEGATION],
  ];
  const instead =
    process.platform !== 'linux' ? LINUX : level.wanted === 'process' ? NOT_ASKED_FOR : undefined;
  return layers.flatMap(([isThere, layer, how]) =>
    isThere ? [] : [{ layer, how: instead ?? how }],
  );
}

/** A level `strict` is kept whole or not at all. */
export function refuseLevel({ wanted, missing }: SandboxLevel): Result<never> | undefined {
  const [first] = missing;
  if (wanted !== 'strict' || first === undefined) return undefined;
  return failure('SANDBOX_LEVEL_UNREACHED', {
    missing: missing.map(({ layer }) => layer),
    ...first,
  });
}
