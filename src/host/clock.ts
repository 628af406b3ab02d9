/** The real clock. Both readings come from one source, so spans of two threads of a process can be compared. */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../contracts/index.ts';

export const realClock: Clock = {
  wallMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
};
