/**
 * The limits of a run as the host process sees them, from the thread that no guest code can hold: processor time of the
 * isolate, elapsed time, resident memory. A thread cannot use more processor time than time passes, so the next look is due
 * when the rest could be gone. The node watches the same limits from outside, for the case that this process is stuck.
 */
import type { ResourceContract, Timers } from '../contracts/index.ts';

const MIB = 1024 * 1024;
/** Resident memory a run may take beyond its contract before it counts as over: buffers in flight, code, the collector. */
const RESIDENT_SLACK_MIB = 96;
const LOOK_EVERY_MS = 10;

/**
 * Memory that large inputs and outputs take outside the isolate while they are copied, parsed and checked: four times their
 * size, beyond what every run may have.
 */
export function copyShareMiB({ inputBytes, outputBytes }: ResourceContract): number {
  return Math.max(0, Math.ceil((4 * (inputBytes + outputBytes)) / MIB) - 32);
}

export interface LimitedRun {
  readonly resources: ResourceContract;
  readonly cpuMs: () => number;
  readonly residentBytes: () => number;
  readonly timers: Timers;
}

export function watchLimits(
  run: LimitedRun,
  onHit: (limit: 'cpu' | 'wall' | 'heap') => void,
): { readonly stop: () => void } {
  const { timers, resources, residentBytes } = run;
  const { cpuMs, wallMs, memoryMiB } = resources;
  const allowedMiB = memoryMiB + RESIDENT_SLACK_MIB + copyShareMiB(resources);
  const residentMax = residentBytes() + allowedMiB * MIB;
  const look = (): void => {
    const restMs = cpuMs - run.cpuMs();
    if (restMs <= 0) return onHit('cpu');
    if (residentBytes() > residentMax) return onHit('heap');
    next = timers.after(Math.max(1, Math.min(restMs, LOOK_EVERY_MS)), look);
  };
  let next = timers.after(Math.min(cpuMs, LOOK_EVERY_MS), look);
  const wall = timers.after(wallMs, () => onHit('wall'));
  return {
    stop: () => {
      next.cancel();
      wall.cancel();
    },
  };
}
