/** The real bodies of the ports and their simulated twins: the only ambient calls in the repository. */
import type { Ports } from '../contracts/index.ts';
import { realClock } from './clock.ts';
import { realRandom } from './random.ts';
import { realTimers } from './timers.ts';

export { findProgram, type WantedProgram } from './find-program.ts';
export { type HttpClient, realHttpClient } from './http-client.ts';
export { realProcesses } from './processes.ts';
export { seededRandom } from './seeded-random.ts';
export { type SimulatedTime, simulatedTime } from './simulated-clock.ts';
export { realStreams } from './streams.ts';
export type { ThreadMain, ThreadStart } from './thread-entry.ts';
export { type RealThreadsOptions, realThreads } from './threads.ts';
export { realClock, realRandom, realTimers };

export const realPorts: Ports = { clock: realClock, timers: realTimers, random: realRandom };
export { AmbientCall, forbidAmbient } from './forbid-ambient.ts';
export { type BusFaults, type SimulatedBus, simulatedBus } from './simulated-bus.ts';
export { portsOf, SimulatedLife } from './simulated-life.ts';
export { type SimulatedStreams, simulatedStreams } from './simulated-streams.ts';
export { type SimulatedThreads, simulatedThreads } from './simulated-threads.ts';
