/** Seeds on several threads: each has a whole simulated world of its own. */
import { taskPool } from '../host/index.ts';
import type { SeedOptions, SeedOutcome } from './sweep.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const THREAD_URL = new URL(`./sweep-thread${extension}`, import.meta.url).href;

export const sweepPool = (threads: number) =>
  taskPool<SeedOptions, SeedOutcome>(THREAD_URL, threads);
