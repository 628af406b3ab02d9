/**
 * When which fault hits whom, decided from the seed before anything runs: so it can be printed, run again, and taken apart. A sweep
 * draws it (swarm testing: each seed has a random subset of the faults); a fault plan says it.
 */
import type { NodeId, Random, ThreadName } from '../contracts/index.ts';
import type { Attributes, Fault, TargetKind } from './fault.ts';
import type { FaultPlan, PlannedFault } from './fault-plan.ts';
import { FAULTS } from './fault-table.ts';

export interface FaultEvent {
  readonly atMs: number;
  readonly fault: string;
  /** `cluster`, `n-1`, `n-1/t1` or `n-1>n-2`. */
  readonly target: string;
  readonly attributes: Attributes;
  /** Until it is undone; 0 for what happens at once. */
  readonly forMs: number;
}

export interface Layout {
  readonly nodeIds: readonly NodeId[];
  /** Of each node. */
  readonly threads: readonly ThreadName[];
  /** Virtual time in which faults happen. */
  readonly forMs: number;
}

const MEAN_MS = 2_500;
const SWARM_SHARE = 0.35;
const EVENTS_MAX = 10_000;
/** In a small cluster all have met by then. */
const MET_MS = 1_000;

export const describeEvent = ({ atMs, fault, target, attributes, forMs }: FaultEvent): string => {
  const details = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
  const lasts = forMs > 0 ? [`for ${forMs} ms`] : [];
  return [`${fault} at ${atMs} ms: ${target}`, ...details, ...lasts].join(', ');
};

/** The faults of a seed: each of `names`, or by default each common one with a chance of about a third. */
export function drawFaults(random: Random, names?: readonly string[]): readonly Fault[] {
  if (names) return names.flatMap((name) => FAULTS[name] ?? []);
  return Object.values(FAULTS).filter(({ isRare }) => !isRare && random.next() < SWARM_SHARE);
}

export function drawSchedule(
  faults: readonly Fault[],
  layout: Layout,
  random: Random,
  meanMs = MEAN_MS,
): readonly FaultEvent[] {
  const events: FaultEvent[] = [];
  if (faults.length === 0) return events;
  for (let atMs = random.next() * meanMs; atMs < layout.forMs; ) {
    const fault = pick(faults, random) as Fault;
    const drawn = pick(targetsOf(fault.target, layout), random);
    const target = followed(fault, atMs, events) ?? drawn;
    const [min, max] = fault.lastsMs ?? [0, 0];
    const forMs = Math.round(min + random.next() * (max - min));
    const attributes = fault.draw(random);
    if (target !== undefined) {
      const earliestMs = fault.cutsOff ? MET_MS : 0;
      const at = Math.round(Math.max(atMs, earliestMs));
      events.push({ atMs: at, fault: fault.name, target, attributes, forMs });
    }
    atMs -= Math.log(1 - random.next()) * meanMs;
  }
  return events;
}

/** The target of the fault that this one follows, while that is at work. */
const followed = (
  { follows }: Fault,
  nowMs: number,
  events: readonly FaultEvent[],
): string | undefined =>
  events.findLast(
    ({ fault, atMs, forMs }) => fault === follows && atMs <= nowMs && nowMs < atMs + forMs,
  )?.target;

/** The plan's selectors become names, and what would touch more nodes at once than its blast radius allows is left out. */
export function scheduleOf(plan: FaultPlan, layout: Layout, random: Random): readonly FaultEvent[] {
  const planned = plan.faults ?? [];
  const events = planned.flatMap((each) => eventsOf(each, layout, random));
  if (plan.draw) {
    const { faults, share = 1, everyMs } = plan.draw;
    const drawn = drawFaults(random, faults).filter(() => random.next() < share);
    events.push(...drawSchedule(drawn, layout, random, everyMs));
  }
  const inTime = events.sort((a, b) => a.atMs - b.atMs).slice(0, EVENTS_MAX);
  return withinRadius(inTime, plan.blastRadius?.nodes ?? layout.nodeIds.length);
}

function eventsOf(planned: PlannedFault, layout: Layout, random: Random): readonly FaultEvent[] {
  const { fault: name, atMs = 0, everyMs, forMs = 0, probability = 1 } = planned;
  const fault = FAULTS[name] as Fault;
  const events: FaultEvent[] = [];
  for (let at = atMs; at < layout.forMs; at += everyMs ?? Number.POSITIVE_INFINITY) {
    if (random.next() >= probability) continue;
    const attributes = { ...fault.draw(random), ...planned.attributes };
    for (const target of chosen(planned, fault.target, layout, random)) {
      events.push({ atMs: at, fault: name, target, attributes, forMs });
    }
  }
  return events;
}

/** Named ones as they are; `any` so many of all there are, by chance. */
function chosen(
  { target }: PlannedFault,
  kind: TargetKind,
  layout: Layout,
  random: Random,
): readonly string[] {
  const all = [...targetsOf(kind, layout)];
  if (target === undefined) return all.splice(Math.floor(random.next() * all.length), 1);
  if ('names' in target) return target.names;
  const count = Math.min(target.any, all.length);
  return Array.from(
    { length: count },
    () => all.splice(random.next() * all.length, 1)[0] as string,
  );
}

function targetsOf(kind: TargetKind, { nodeIds, threads }: Layout): readonly string[] {
  switch (kind) {
    case 'cluster':
      return ['cluster'];
    case 'node':
      return nodeIds;
    case 'thread':
      return nodeIds.flatMap((node) => threads.map((thread) => `${node}/${thread}`));
    case 'link':
      return nodeIds.flatMap((node) =>
        nodeIds.filter((to) => to !== node).map((to) => `${node}>${to}`),
      );
  }
}

const nodesIn = (target: string): readonly string[] =>
  target === 'cluster' ? [] : [target.split(/[/>]/, 1)[0] as string];

function withinRadius(events: readonly FaultEvent[], nodesMax: number): readonly FaultEvent[] {
  const kept: FaultEvent[] = [];
  for (const event of events) {
    const active = kept.filter(({ atMs, forMs }) => atMs + forMs >= event.atMs);
    const touched = new Set([...active, event].flatMap(({ target }) => nodesIn(target)));
    if (touched.size <= nodesMax) kept.push(event);
  }
  return kept;
}

const pick = <T>(from: readonly T[], random: Random): T | undefined =>
  from[Math.floor(random.next() * from.length)];
