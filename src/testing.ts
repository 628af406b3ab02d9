/** `skein/testing`: actors, clusters and skills on virtual time, so that a test of timeouts, restarts and faults takes no time. */
export { type SimulatedTime, seededRandom, simulatedTime } from './host/index.ts';
export * from './testing/index.ts';
