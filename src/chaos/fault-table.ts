/** Every fault there is, by its name. */
import type { Fault } from './fault.ts';
import { bandwidth } from './faults/bandwidth.ts';
import { clockDrift } from './faults/clock-drift.ts';
import { clockJump } from './faults/clock-jump.ts';
import { corrupt } from './faults/corrupt.ts';
import { crashNode } from './faults/crash-node.ts';
import { cut } from './faults/cut.ts';
import { cutState } from './faults/cut-state.ts';
import { diskFlip } from './faults/disk-flip.ts';
import { diskFull } from './faults/disk-full.ts';
import { diskLie } from './faults/disk-lie.ts';
import { diskSlow } from './faults/disk-slow.ts';
import { duplicate } from './faults/duplicate.ts';
import { hangThread } from './faults/hang-thread.ts';
import { isolate } from './faults/isolate.ts';
import { killSandbox } from './faults/kill-sandbox.ts';
import { killThread } from './faults/kill-thread.ts';
import { latency } from './faults/latency.ts';
import { longPartition } from './faults/long-partition.ts';
import { losePower } from './faults/lose-power.ts';
import { loseWrites } from './faults/lose-writes.ts';
import { loss } from './faults/loss.ts';
import { noop } from './faults/noop.ts';
import { partition } from './faults/partition.ts';
import { pauseAtWrite } from './faults/pause-at-write.ts';
import { pauseNode } from './faults/pause-node.ts';
import { reorder } from './faults/reorder.ts';
import { serverDown } from './faults/server-down.ts';
import { slowState } from './faults/slow-state.ts';
import { swizzleClog } from './faults/swizzle-clog.ts';

const ALL: readonly Fault[] = [
  noop,
  bandwidth,
  clockDrift,
  clockJump,
  crashNode,
  cut,
  diskFlip,
  diskFull,
  diskLie,
  diskSlow,
  duplicate,
  hangThread,
  isolate,
  killSandbox,
  killThread,
  latency,
  longPartition,
  losePower,
  loss,
  partition,
  reorder,
  serverDown,
  swizzleClog,
  // The draws of a seed follow this order: new ones come last.
  corrupt,
  cutState,
  loseWrites,
  pauseAtWrite,
  pauseNode,
  slowState,
];

export const FAULTS: Readonly<Record<string, Fault>> = Object.fromEntries(
  ALL.map((fault) => [fault.name, fault]),
);
