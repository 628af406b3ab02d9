/** What a simulation is told, what it makes of that, and what it says in the end. */
import type { Random } from '../contracts/index.ts';
import type { MakeChecker, Violation } from './checker.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { FaultEvent } from './fault-schedule.ts';
import type { Sometimes } from './sometimes.ts';
import type { Workload } from './workloads.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** 1 to 1,000; default: what the plan says, or 3. */
  readonly nodes?: number;
  /** Worker threads of each node; default: what the plan says, or 1. */
  readonly threads?: number;
  /** Default: what the plan says, or `actors`. */
  readonly workload?: Workload;
  /** Virtual time with faults; default 30 s. */
  readonly forMs?: number;
  /** Names of faults; default: a subset that the seed chooses. */
  readonly faults?: readonly string[];
  /** Says what happens, instead of chance. */
  readonly plan?: FaultPlan;
  /** Exactly these, whatever seed and plan say. */
  readonly schedule?: readonly FaultEvent[];
  /** Beside those that are always on. */
  readonly checkers?: readonly MakeChecker[];
}

export interface SimulationResult {
  readonly seed: number;
  readonly nodes: number;
  readonly threads: number;
  readonly forMs: number;
  readonly workload: Workload;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  /** What was to happen, in order. */
  readonly schedule: readonly FaultEvent[];
  /** Transitions of the lifecycle table that were taken, as `running failed`. */
  readonly transitions: ReadonlySet<string>;
  readonly violations: readonly Violation[];
  readonly seen: ReadonlySet<Sometimes>;
  readonly lines: readonly string[];
}

/** What was left open is as the plan has it, or by default. */
export type SettledOptions = SimulationOptions &
  Required<Pick<SimulationOptions, 'nodes' | 'threads' | 'forMs' | 'workload'>>;

export function settleOptions(given: SimulationOptions, random: Random): SettledOptions {
  const { plan, forMs = 30_000, workload = plan?.workload ?? 'actors' } = given;
  const nodes = given.nodes ?? nodesOf(plan, random.fork('nodes'));
  const threads = given.threads ?? plan?.world?.threads ?? 1;
  return { ...given, nodes, threads, forMs, workload };
}

function nodesOf(plan: FaultPlan | undefined, { next }: Random): number {
  const { min, max } = plan?.world?.nodes ?? { min: 3, max: 3 };
  return min + Math.floor(next() * (max - min + 1));
}
