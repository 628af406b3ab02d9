/** What is known of one other member, and by whose word. */
import { isGone, type MemberReport } from './member.ts';
import { type Claim, reportOf, type SelfStatement, type Statement } from './statement.ts';
import { MOURNERS, type Suspicion } from './suspicion.ts';

export interface KnownMember {
  readonly said: SelfStatement;
  /** Of a suspect the newest that was heard, and who says that it is dead; of a dead one as many as convince others. */
  readonly claims: readonly Claim[];
  readonly report: MemberReport;
  readonly suspicion: Suspicion | undefined;
  readonly goneAtMs: number;
}

export const byItsWord = (said: SelfStatement, nowMs: number): KnownMember => ({
  said,
  claims: [],
  report: reportOf(said),
  suspicion: undefined,
  goneAtMs: isGone(said) ? nowMs : 0,
});

export const suspected = (
  { said }: KnownMember,
  claim: Claim,
  suspicion: Suspicion,
): KnownMember => ({
  said,
  claims: [claim],
  report: { ...reportOf(said), status: 'suspect', by: claim.by },
  suspicion,
  goneAtMs: 0,
});

export const buried = ({ said, claims }: KnownMember, own: Claim, nowMs: number): KnownMember => ({
  said,
  claims: [own, ...claims.filter(isDeath)].slice(0, MOURNERS),
  report: { ...reportOf(said), status: 'dead', by: own.by },
  suspicion: undefined,
  goneAtMs: nowMs,
});

/** One more voice; of suspicions only the newest is kept. */
export const withClaim = (member: KnownMember, claim: Claim): KnownMember => ({
  ...member,
  claims: [claim, ...member.claims.filter(isDeath)].slice(0, MOURNERS),
});

/** Whether the claim changes anything of what is known or passed on. */
export function isNewsOf(known: KnownMember, claim: Claim): boolean {
  const { status } = known.report;
  if (status === 'dead') return isDeath(claim) && !isMournedBy(known, claim);
  return status !== 'left' && (known.suspicion?.needs(claim.by, claim.status) ?? true);
}

/** Whether a claim of its death would convince others who hear of it. */
const isMournedBy = ({ claims }: KnownMember, { by }: Claim): boolean => {
  const deaths = claims.filter(isDeath);
  return deaths.length >= MOURNERS || deaths.some((each) => each.by === by);
};

export const allOf = ({ said, claims }: KnownMember): readonly Statement[] => [said, ...claims];

export const isDeath = ({ status }: Statement): boolean => status === 'dead';
