/** Faults and plans of them, and the simulator that runs a whole cluster on virtual time. */
export type { Checker, Fact, MakeChecker, Report, Violation } from './checker.ts';
export {
  type FaultPlan,
  FaultPlanSchema,
  loadFaultPlan,
  loadProfile,
  readFaultPlan,
} from './fault-plan.ts';
export { describeEvent, type FaultEvent } from './fault-schedule.ts';
export { FAULTS } from './fault-table.ts';
export { type Shrunk, shrink } from './shrink.ts';
export { simulate } from './simulation.ts';
export type { SimulationOptions, SimulationResult } from './simulation-options.ts';
export { SOMETIMES, type Sometimes } from './sometimes.ts';
export {
  type FailedSeed,
  runSeed,
  type SeedOptions,
  type SeedOutcome,
  type SweepOptions,
  type SweepProgress,
  type SweepReport,
  sweep,
} from './sweep.ts';
export { sweepPool } from './sweep-pool.ts';
