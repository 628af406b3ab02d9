/** Faults, and the simulator that runs a whole cluster on virtual time. */
export type { Violation } from './checker.ts';
export { FAULTS } from './faults.ts';
export { type SimulationOptions, type SimulationResult, simulate } from './simulation.ts';
export { SOMETIMES, type Sometimes } from './sometimes.ts';
export { type FailedSeed, type SweepOptions, type SweepReport, sweep } from './sweep.ts';
