/**
 * From a schedule that breaks an invariant to a small one that breaks it too: first fewer faults (delta debugging, Zeller and
 * Hildebrandt 2002), then a shorter time, fewer nodes and threads. Each step runs the seed again.
 */
import type { FaultEvent } from './fault-schedule.ts';
import { simulate } from './simulation.ts';
import type { SimulationOptions } from './simulation-options.ts';
import type { Workload } from './workloads.ts';

export interface Shrunk {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
  readonly schedule: readonly FaultEvent[];
  readonly nodes: number;
  readonly threads: number;
  readonly forMs: number;
  readonly workload: Workload;
  /** Simulations that it took. */
  readonly runs: number;
  /** Faults before. */
  readonly from: number;
}

type World = Pick<SimulationOptions, 'checkers'> &
  Required<
    Pick<SimulationOptions, 'seed' | 'nodes' | 'threads' | 'forMs' | 'workload' | 'schedule'>
  >;

const RUNS_MAX = 400;
const MARGIN_MS = 500;

/** @returns undefined when the seed breaks nothing */
export async function shrink(
  options: SimulationOptions,
  onStep: (sofar: Pick<Shrunk, 'schedule' | 'forMs' | 'runs'>) => void = () => undefined,
): Promise<Shrunk | undefined> {
  const whole = await simulate(options);
  const [first] = whole.violations;
  if (!first) return undefined;
  const { seed, nodes, threads, forMs, workload, schedule } = whole;
  const { checkers = [] } = options;
  let world: World = { seed, nodes, threads, forMs, workload, checkers, schedule };
  let { what } = first;
  let runs = 1;
  const stillFails = async (candidate: World): Promise<boolean> => {
    if (runs >= RUNS_MAX) return false;
    runs++;
    const { violations } = await simulate(candidate);
    const same = violations.find(({ invariant }) => invariant === first.invariant);
    if (!same) return false;
    world = candidate;
    what = same.what;
    onStep({ schedule: world.schedule, forMs: world.forMs, runs });
    return true;
  };

  await fewerFaults(() => world, stillFails);
  for (let smaller = true; smaller; ) {
    smaller = false;
    for (const candidate of smallerWorlds(world)) smaller ||= await stillFails(candidate);
  }
  await fewerFaults(() => world, stillFails);
  return {
    seed,
    schedule: world.schedule,
    nodes: world.nodes,
    threads: world.threads,
    forMs: world.forMs,
    workload,
    invariant: first.invariant,
    what,
    runs,
    from: whole.schedule.length,
  };
}

async function fewerFaults(
  world: () => World,
  stillFails: (candidate: World) => Promise<boolean>,
): Promise<void> {
  for (let parts = 2; world().schedule.length > 0; ) {
    const { schedule } = world();
    const size = Math.ceil(schedule.length / parts);
    let found = false;
    for (let at = 0; at < schedule.length && !found; at += size) {
      const rest = [...schedule.slice(0, at), ...schedule.slice(at + size)];
      found = await stillFails({ ...world(), schedule: rest });
    }
    if (found) parts = Math.max(2, parts - 1);
    else if (size === 1) return;
    else parts = Math.min(schedule.length, parts * 2);
  }
}

function smallerWorlds(world: World): readonly World[] {
  const { forMs, nodes, threads, schedule } = world;
  const lastMs = Math.max(0, ...schedule.map(({ atMs }) => atMs)) + MARGIN_MS;
  const named = schedule.flatMap(({ target }) => [...target.matchAll(/n-(\d+)/g)]);
  const nodesMin = Math.max(1, ...named.map(([, number]) => Number(number)));
  return [
    ...(lastMs < forMs ? [{ ...world, forMs: lastMs }] : []),
    ...(forMs > 2 * MARGIN_MS && forMs / 2 > lastMs
      ? [{ ...world, forMs: Math.round(forMs / 2) }]
      : []),
    ...(nodes > nodesMin ? [{ ...world, nodes: nodes - 1 }] : []),
    ...(threads > 1 ? [{ ...world, threads: threads - 1 }] : []),
  ];
}
