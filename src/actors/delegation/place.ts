/** Which nodes are asked to do a call, in which order. Pure. */
import { isGone, type MemberReport, place, weightUnderLoad } from '../../cluster/index.ts';
import type { NodeId, StepPlace } from '../../contracts/index.ts';

export interface CallSite {
  readonly self: NodeId;
  /** This node as the others see it is among them. */
  readonly members: readonly MemberReport[];
  /** Spreads calls over nodes that are equally fit. */
  readonly task: string;
  /** Where the step wants to be done; undefined: wherever. */
  readonly place: StepPlace | undefined;
  readonly canRunHere: boolean;
  /** As much is under way here as this node does at once. */
  readonly isBusyHere: boolean;
  /** Nodes that should not do it while another can. */
  readonly avoid: readonly NodeId[];
}

/** Nodes that are fuller do not get work only because it is full here. */
const BUSY_LOAD = 0.75;

/** Best first; this node among them where it may do the call. Empty when nobody fits. */
export function nodesFor(site: CallSite): readonly NodeId[] {
  const { self, members, canRunHere, isBusyHere, avoid } = site;
  const { labels = {}, elsewhere = false } = site.place ?? {};
  const isWanted = (member: MemberReport): boolean =>
    Object.entries(labels).every(([name, value]) => member.facts.labels[name] === value);
  const fit = members.filter((member) => !isGone(member) && isWanted(member));
  const isFitHere =
    canRunHere &&
    !elsewhere &&
    (fit.some(({ node }) => node === self) || Object.keys(labels).length === 0);
  if (isFitHere && !isBusyHere) return [self];
  const others = ranked(
    fit.filter(({ node, facts }) => node !== self && facts.state === 'ready'),
    site.task,
  );
  if (!isFitHere) return lastOnes(others, avoid);
  const free = others.filter((node) => loadOf(members, node) < BUSY_LOAD);
  return [...lastOnes(free, avoid), self];
}

/** By rendezvous hashing under load; who is suspected of being dead comes last. */
function ranked(members: readonly MemberReport[], task: string): readonly NodeId[] {
  const of = (status: MemberReport['status']) =>
    place(
      task,
      members
        .filter((member) => member.status === status)
        .map(({ node, facts: { labels, load } }) => ({
          node,
          labels,
          weight: weightUnderLoad({ capacity: 1, loadRatio: load }),
        })),
    ).map(({ node }) => node as NodeId);
  return [...of('alive'), ...of('suspect')];
}

const lastOnes = (nodes: readonly NodeId[], last: readonly NodeId[]): readonly NodeId[] => [
  ...nodes.filter((node) => !last.includes(node)),
  ...nodes.filter((node) => last.includes(node)),
];

const loadOf = (members: readonly MemberReport[], node: NodeId): number =>
  members.find((member) => member.node === node)?.facts.load ?? 1;
