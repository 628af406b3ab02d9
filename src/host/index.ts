/** The real bodies of the ports and their simulated twins: the only ambient calls in the repository. */
import type { Ports } from '../contracts/index.ts';
import { realClock } from './clock.ts';
import { realRandom } from './random.ts';
import { realTimers } from './timers.ts';

export { dyingWithParent } from './die-with-parent.ts';
export { DriftingClock } from './drifting-clock.ts';
export { findProgram, type WantedProgram } from './find-program.ts';
export { type HttpClient, type HttpReply, realHttpClient } from './http-client.ts';
export { keepAlive } from './keep-alive.ts';
export { openParentPipe } from './parent-pipe.ts';
export { realProcesses } from './processes.ts';
export { type Greeting, type GreetingOptions, readGreeting } from './read-greeting.ts';
export { type ProgramEnd, type ProgramRun, runProgram } from './run-program.ts';
export { seededRandom, uniformOf, xoshiro128 } from './seeded-random.ts';
export { type SimulatedTime, simulatedTime } from './simulated-clock.ts';
export { realStreams } from './streams.ts';
export { type TaskPool, taskPool } from './task-pool.ts';
export type { ThreadMain, ThreadStart } from './thread-entry.ts';
export { type RealThreadsOptions, realThreads } from './threads.ts';
export { realClock, realRandom, realTimers };

export const realPorts: Ports = { clock: realClock, timers: realTimers, random: realRandom };
export { AmbientCall, forbidAmbient } from './forbid-ambient.ts';
export { type SimulatedBus, simulatedBus, type Toxic } from './simulated-bus.ts';
export { DiskError, type DiskRow, SimulatedDisk } from './simulated-disk.ts';
export { portsOf, SimulatedLife } from './simulated-life.ts';
export {
  type SimulatedProcess,
  type SimulatedProcesses,
  simulatedProcesses,
} from './simulated-processes.ts';
export { type SimulatedState, type StateFaults, simulatedState } from './simulated-state.ts';
export { type SimulatedStreams, simulatedStreams } from './simulated-streams.ts';
export { type SimulatedThreads, simulatedThreads } from './simulated-threads.ts';
export { type BucketWrite, changeOf, StateBucket } from './state-bucket.ts';
