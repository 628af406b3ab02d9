/** What is known of one other member, and by whose word. */
import { memberHash } from './digest.ts';
import { isGone, type MemberReport } from './member.ts';
import { type Claim, reportOf, type SelfStatement, type Statement } from './statement.ts';
import { MOURNERS, type Suspicion } from './suspicion.ts';

/** The first voice and the two that confirm it. */
const CLAIMS_MAX = 3;

export interface KnownMember {
  readonly said: SelfStatement;
  /** Of what it said, for digests. */
  readonly hash: number;
  /** Of a suspect as many as make the time short, of a dead one as many as convince others. */
  readonly claims: readonly Claim[];
  readonly report: MemberReport;
  readonly suspicion: Suspicion | undefined;
  readonly goneAtMs: number;
}

export const byItsWord = (said: SelfStatement, nowMs: number): KnownMember => ({
  said,
  hash: memberHash(said.node, said.incarnation),
  claims: [],
  report: reportOf(said),
  suspicion: undefined,
  goneAtMs: isGone(said) ? nowMs : 0,
});

export const suspected = (
  { said, hash }: KnownMember,
  claim: Claim,
  suspicion: Suspicion,
): KnownMember => ({
  said,
  hash,
  claims: [claim],
  report: { ...reportOf(said), status: 'suspect', by: claim.by },
  suspicion,
  goneAtMs: 0,
});

export const buried = (member: KnownMember, own: Claim, nowMs: number): KnownMember => ({
  ...member,
  claims: [own, ...member.claims.filter(isDeath)].slice(0, MOURNERS),
  report: { ...reportOf(member.said), status: 'dead', by: own.by },
  suspicion: undefined,
  goneAtMs: nowMs,
});

/** One more voice: who says that it is dead stands first. */
export function withClaim(member: KnownMember, claim: Claim): KnownMember {
  const claims = [claim, ...member.claims.filter(({ by }) => by !== claim.by)];
  const sorted = [...claims.filter(isDeath), ...claims.filter((each) => !isDeath(each))];
  return { ...member, claims: sorted.slice(0, CLAIMS_MAX) };
}

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
