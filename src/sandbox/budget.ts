/** The arithmetic of a sandbox's bounds: memory classes, the process's data limit, frame sizes and the watchdog's deadline. */
import { LIMITS, type ResourceContract } from '../contracts/index.ts';
import { ARGUMENT_BOUNDS } from './host-frames.ts';
import type { JsonBounds } from './json-measure.ts';
import { copyShareMiB } from './run-limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Memory classes: a process is started for one and serves contracts up to it, since its data limit is set at its start.
 * Only the first, which covers the default contract, is kept warm. The last covers the most that a manifest may ask for.
 */
const LARGEST_CLASS_MIB = LIMITS.skillMemoryMiBMax + 256;
export const MEMORY_CLASSES_MIB = [64, 256, LARGEST_CLASS_MIB] as const;

export function memoryClassOf(resources: ResourceContract): number {
  const neededMiB = resources.memoryMiB + copyShareMiB(resources);
  return MEMORY_CLASSES_MIB.find((size) => neededMiB <= size) ?? LARGEST_CLASS_MIB;
}

/**
 * Private writable address space of an idle host: V8 reserves 512 MiB of code range for the main isolate and as much for
 * the skill's, and RLIMIT_DATA counts both though neither is touched. Measured 1,129 MiB on Node 26 with isolated-vm 7.
 */
const HOST_DATA_MIB = 1_136;
/** What a skill may take beyond its contract before the kernel says no: twice its heap for the collector, in-flight copies. */
const DATA_SLACK_MIB = 128;

/** Value of `prlimit --data`, in bytes: 64 MiB of contract give 1,328 MiB, of which 192 can be used. */
export const dataLimitBytes = (memoryClassMiB: number): number =>
  (HOST_DATA_MIB + DATA_SLACK_MIB + memoryClassMiB) * MIB;

/**
 * The bound of a memory cgroup: an idle host holds about 80 MiB, of which the kernel counts what is its own. Above what
 * `prlimit --data` lets it use, which V8 survives with an error; this bound is met with SIGKILL.
 */
const CGROUP_SLACK_MIB = 288;
export const cgroupLimitBytes = (memoryClassMiB: number): number =>
  (CGROUP_SLACK_MIB + memoryClassMiB) * MIB;

/** After this much more than `wallMs` the node no longer waits for the host to report the limit itself. */
const WATCHDOG_GRACE_MS = 100;

export const watchdogMs = (resources: ResourceContract): number =>
  resources.wallMs + WATCHDOG_GRACE_MS;

/** One log line costs its text and this much: many empty lines are a flood too. The guest counts the same. */
export const LOG_LINE_BYTES = 32;

export interface FrameBudget {
  readonly bytes: number;
  readonly data: JsonBounds;
  /** Calls, log lines and the last word, together. */
  readonly frames: number;
}

/** What a host may say while it is idle: `ready`. */
export const IDLE_FRAMES: FrameBudget = {
  bytes: 4 * KIB,
  data: { depth: 2, nodes: 64 },
  frames: 1,
};

export function frameBudget(resources: ResourceContract): FrameBudget {
  const { outputBytes, outputDepth, outputNodes, logBytes, hostCalls } = resources;
  return {
    bytes: Math.max(outputBytes, logBytes, ARGUMENT_BOUNDS.bytes) + 64 * KIB,
    data: {
      depth: Math.max(outputDepth, ARGUMENT_BOUNDS.depth),
      nodes: Math.max(outputNodes, ARGUMENT_BOUNDS.nodes),
    },
    frames: hostCalls + Math.ceil(logBytes / LOG_LINE_BYTES) + 1,
  };
}
