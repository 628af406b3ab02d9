/**
 * Starts host processes behind the thickest wall that this machine offers. Which one that is shows when the first host is
 * started: a wall in which it does not get ready is not there, and the next is tried. From then on every host has that one;
 * a later host that cannot be walled in so does not start.
 */
import { failure, type Ports, type Processes, type Result, success } from '../contracts/index.ts';
import { cgroupLimitBytes } from './budget.ts';
import type { ReadyFrame } from './host-frames.ts';
import { HostProcess, NOT_READY_IN_TIME } from './host-process.ts';
import type { HaltJudge } from './kill-switch/standing-orders.ts';
import { launchSpec } from './launch.ts';
import { findLaunchTools, type LaunchTools } from './launch-tools.ts';
import { type MemoryCgroups, openMemoryCgroups } from './memory-cgroup.ts';
import { readNamespaces } from './os-facts.ts';
import { levelOf, type SandboxLevel, type WantedLevel } from './sandbox-level.ts';
import type { Tier } from './settings.ts';
import { NO_WALL, type Wall, wallsOf } from './wall.ts';

export interface HostStarterOptions {
  readonly ports: Pick<Ports, 'clock' | 'timers'>;
  readonly processes: Processes;
  readonly startMs?: number;
  readonly level?: WantedLevel;
  readonly tools?: LaunchTools;
  readonly hostMain?: string;
  /** What may not run; default: all may. */
  readonly halted?: HaltJudge;
}

interface FirstHost {
  readonly host: HostProcess;
  readonly ready: ReadyFrame;
  readonly level: SandboxLevel;
}

const START_MS = 15_000;

export class HostStarter {
  readonly living = new Set<HostProcess>();
  readonly #options: HostStarterOptions;
  readonly #tools: LaunchTools;
  readonly #wanted: WantedLevel;
  #wall: Wall = NO_WALL;
  #cgroups: MemoryCgroups | undefined;

  constructor(options: HostStarterOptions) {
    this.#options = options;
    this.#tools = options.tools ?? findLaunchTools();
    this.#wanted = options.level ?? 'best';
  }

  start(memoryClassMiB: number, tier: Tier): HostProcess {
    const { processes, ports, startMs = START_MS, halted, hostMain } = this.#options;
    const cgroup = this.#cgroups?.make(cgroupLimitBytes(memoryClassMiB));
    const spec = launchSpec({
      tools: this.#tools,
      memoryClassMiB,
      wall: this.#wall,
      isJitless: tier === 'jitless',
      ...(hostMain === undefined ? {} : { hostMain }),
      ...(cgroup ? { cgroupProcsFile: cgroup.procsFile } : {}),
    });
    const host = new HostProcess({
      ...{ processes, ...ports, spec, memoryClassMiB, startMs },
      ...(cgroup ? { wasOutOfMemory: cgroup.wasOutOfMemory } : {}),
      ...(halted ? { halted } : {}),
    });
    this.living.add(host);
    void host.gone.then(() => {
      this.living.delete(host);
      cgroup?.remove();
    });
    return host;
  }

  /** Finds the wall. Failures: SANDBOX_UNAVAILABLE, why the host did not even start without one. */
  async startFirst(memoryClassMiB: number): Promise<Result<FirstHost>> {
    let last: Result<never> = failure('SANDBOX_UNAVAILABLE', { reason: 'nothing was tried' });
    for (const { wall, cgroups } of this.#choices()) {
      this.#wall = wall;
      this.#cgroups = cgroups;
      const host = this.start(memoryClassMiB, 'jit');
      const ready = await host.ready;
      if (ready.ok) return success({ host, ready: ready.value, level: this.#level(ready.value) });
      last = ready;
      // A busy machine, not a missing layer: the next wall would not be faster.
      if (ready.error.message.includes(NOT_READY_IN_TIME)) return ready;
    }
    return last;
  }

  #choices(): readonly { readonly wall: Wall; readonly cgroups: MemoryCgroups | undefined }[] {
    if (this.#wanted === 'process') return [{ wall: NO_WALL, cgroups: undefined }];
    const walls = wallsOf(this.#tools, process.geteuid?.() === 0);
    const cgroups = this.#tools.sh ? openMemoryCgroups(this.#options.ports.timers) : undefined;
    return (cgroups ? [cgroups, undefined] : [undefined]).flatMap((each) =>
      walls.map((wall) => ({ wall, cgroups: each })),
    );
  }

  #level(ready: ReadyFrame): SandboxLevel {
    return levelOf(ready, {
      wanted: this.#wanted,
      tools: this.#tools,
      wall: this.#wall,
      memoryCgroup: this.#cgroups?.version ?? 'none',
      nodeNamespaces: readNamespaces(),
    });
  }
}
