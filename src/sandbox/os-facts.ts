/**
 * What the operating system holds a host process to, as the process itself finds it once it has started and before any
 * skill is near: not what was asked for on its command line. Only on Linux is there anything to read.
 */
import { readFileSync, readlinkSync } from 'node:fs';

export const NAMESPACES = ['net', 'pid', 'ipc', 'uts', 'mnt', 'user'] as const;
export type Namespace = (typeof NAMESPACES)[number];

export interface OsFacts {
  /** Identities of the namespaces, in the order of `NAMESPACES`; empty text where one cannot be read. */
  readonly namespaces: readonly string[];
  /** Effective user; -1 where there are none. */
  readonly user: number;
  readonly noNewPrivileges: boolean;
  /** No capability is held, and none can be gained. */
  readonly capabilityless: boolean;
  /** Files that are nobody's business in a host can be read: the machine's list of users. */
  readonly seesAllFiles: boolean;
}

const NOT_FOR_HOSTS = '/etc/passwd';

export function readOsFacts(): OsFacts {
  const status = attempt(() => readFileSync('/proc/self/status', 'utf8')) ?? '';
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return {
    namespaces: readNamespaces(),
    user: process.geteuid?.() ?? -1,
    noNewPrivileges: field('NoNewPrivs') === '1',
    capabilityless: ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].every((set) =>
      /^0+$/.test(field(set)),
    ),
    seesAllFiles: attempt(() => readFileSync(NOT_FOR_HOSTS)) !== undefined,
  };
}

export const readNamespaces = (): readonly string[] =>
  NAMESPACES.map((name) => attempt(() => readlinkSync(`/proc/self/ns/${name}`)) ?? '');

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
