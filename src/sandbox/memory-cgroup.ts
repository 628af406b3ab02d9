/**
 * A memory cgroup for each host process, where this process may make one below its own: v2 (`memory.max`) or v1
 * (`memory.limit_in_bytes`). It counts what `prlimit --data` cannot, such as pages of files and of the kernel, and covers
 * every process in the host's namespace together. A host enters its group by itself, before it becomes Node.
 *
 * Under v2 a group that holds processes gives no controller to groups below it, so the parent of the node's own group is
 * tried too: `systemd-run -p Delegate=memory -p DelegateSubgroup=node` makes such a place.
 */
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Timers } from '../contracts/index.ts';

export interface MemoryCgroup {
  /** A process that writes 0 here is in it. */
  readonly procsFile: string;
  /** True when the kernel has killed a process of it for its memory. */
  readonly wasOutOfMemory: () => boolean;
  /** Call when its processes are gone. It may take the kernel some milliseconds more to let go. */
  readonly remove: () => void;
}

export interface MemoryCgroups {
  readonly version: 'v1' | 'v2';
  /** @returns undefined when the kernel gives no more */
  readonly make: (limitBytes: number) => MemoryCgroup | undefined;
}

interface Place {
  readonly version: 'v1' | 'v2';
  readonly folder: string;
}

const PREFIX = 'skein-';
const REMOVE_AGAIN_MS = 20;
const REMOVE_TRIES = 100;
const TRIAL_BYTES = 64 * 1024 * 1024;
const MOUNTS = { v1: '/sys/fs/cgroup/memory', v2: '/sys/fs/cgroup' } as const;

/** @returns undefined where no memory cgroup can be made and bounded */
export function openMemoryCgroups(timers: Timers): MemoryCgroups | undefined {
  for (const { version, folder } of places(read('/proc/self/cgroup') ?? '')) {
    sweep(folder);
    const make = (limitBytes: number) => makeGroup({ version, folder }, limitBytes, timers);
    const trial = make(TRIAL_BYTES);
    trial?.remove();
    if (trial) return { version, make };
  }
  return undefined;
}

/** @param ownGroups the text of `/proc/self/cgroup`: `ID:CONTROLLERS:PATH` a line, v2 without controllers */
export function places(ownGroups: string): readonly Place[] {
  const found: Place[] = [];
  for (const line of ownGroups.split('\n')) {
    const [, controllers = '', path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers.split(',').includes('memory')) {
      found.push({ version: 'v1', folder: join(MOUNTS.v1, path) });
    } else if (controllers === '') {
      found.push({ version: 'v2', folder: join(MOUNTS.v2, path) });
      if (path !== '/') found.push({ version: 'v2', folder: join(MOUNTS.v2, dirname(path)) });
    }
  }
  return found;
}

function makeGroup(
  { version, folder }: Place,
  limitBytes: number,
  timers: Timers,
): MemoryCgroup | undefined {
  if (version === 'v2') write(join(folder, 'cgroup.subtree_control'), '+memory');
  const group = attempt(() => mkdtempSync(join(folder, `${PREFIX}${process.pid}-`)));
  if (group === undefined) return undefined;
  const isBounded = version === 'v2' ? boundV2(group, limitBytes) : boundV1(group, limitBytes);
  const remove = (triesLeft = REMOVE_TRIES): void => {
    if (done(() => rmdirSync(group)) || triesLeft === 0) return;
    timers.after(REMOVE_AGAIN_MS, () => remove(triesLeft - 1));
  };
  if (!isBounded) {
    remove(0);
    return undefined;
  }
  const events = join(group, version === 'v2' ? 'memory.events' : 'memory.oom_control');
  return {
    procsFile: join(group, 'cgroup.procs'),
    wasOutOfMemory: () => /^oom_kill [1-9]/m.test(read(events) ?? ''),
    remove,
  };
}

function boundV2(group: string, limitBytes: number): boolean {
  write(join(group, 'memory.swap.max'), '0');
  return write(join(group, 'memory.max'), String(limitBytes));
}

function boundV1(group: string, limitBytes: number): boolean {
  const isBounded = write(join(group, 'memory.limit_in_bytes'), String(limitBytes));
  // Memory and swap together; there only where the kernel counts swap.
  write(join(group, 'memory.memsw.limit_in_bytes'), String(limitBytes));
  return isBounded;
}

/** Groups of nodes that were killed. One that still has a process stays: the kernel refuses to remove it. */
function sweep(folder: string): void {
  for (const name of attempt(() => readdirSync(folder)) ?? []) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (pid > 0 && read(`/proc/${pid}/stat`) === undefined)
      attempt(() => rmdirSync(join(folder, name)));
  }
}

const read = (file: string): string | undefined => attempt(() => readFileSync(file, 'utf8'));

const write = (file: string, text: string): boolean => done(() => writeFileSync(file, text));

const done = (work: () => void): boolean =>
  attempt(() => {
    work();
    return true;
  }) ?? false;

/** These files refuse by errors of many kinds, all of which mean the same here: not to be had. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
