/** The real bodies of the ports and their simulated twins: the only ambient calls in the repository. */
export { realClock } from './clock.ts';
export { realProcesses } from './processes.ts';
export { realRandom } from './random.ts';
export { seededRandom } from './seeded-random.ts';
export { type SimulatedTime, simulatedTime } from './simulated-clock.ts';
export { realTimers } from './timers.ts';
