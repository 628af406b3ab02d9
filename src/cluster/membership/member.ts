/** What is known of a member, and which of two reports about it counts. After SWIM (Das, Gupta, Motivala 2002, 4.2). */
import type { NodeId } from '../../contracts/index.ts';

/** `left` is the end that a member chose itself; nobody suspects it. */
export type MemberStatus = 'alive' | 'suspect' | 'dead' | 'left';

/** What a member says of itself; small, since it travels with every report that it is alive. */
export interface MemberFacts {
  readonly labels: Readonly<Record<string, string>>;
  /** 0 is idle, 1 is as much as it can do. */
  readonly load: number;
  /** Lowest and highest version of the wire that it speaks. */
  readonly wire: readonly [min: number, max: number];
  /** `draining` takes no new work. */
  readonly state: 'ready' | 'draining';
  /** A digest of the skills that it holds: who wants the list asks for it when the digest is another. */
  readonly skills: string;
}

export interface MemberReport {
  readonly node: NodeId;
  readonly status: MemberStatus;
  /** Raised by the member alone: by a new life, and to refute what is said of it. */
  readonly incarnation: number;
  /** Who says so, for a suspicion: independent voices shorten it. */
  readonly by: NodeId;
  readonly facts: MemberFacts;
}

const RANK: Readonly<Record<MemberStatus, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

export const isGone = ({ status }: Pick<MemberReport, 'status'>): boolean =>
  status === 'dead' || status === 'left';

/** Of equal incarnations the worse news counts; of different ones the later. */
export function overrides(
  report: Pick<MemberReport, 'status' | 'incarnation'>,
  known: Pick<MemberReport, 'status' | 'incarnation'> | undefined,
): boolean {
  if (!known) return true;
  if (report.incarnation !== known.incarnation) return report.incarnation > known.incarnation;
  return RANK[report.status] > RANK[known.status];
}
