/**
 * An approval: one exact action, people who sign for it, used up once. A state and events, all that a node keeps of it; what is not
 * allowed in a state is an error value. Pure.
 *
 *     waiting -> approved -> used
 *     waiting | approved -> denied        waiting | approved -> expired, by the clock
 */
import { failure, type Json, type Result, success } from '../../contracts/index.ts';
import { isSignedBy } from '../../transport/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { ActionFacts } from './gate.ts';
import type { PolicyRequest } from './policy-request.ts';
import type { Risk } from './risk.ts';

/** What people are asked for. Plain data. */
export interface ApprovalFacts {
  readonly approval: string;
  /** Of the exact action; see `actionHash`. */
  readonly actionHash: string;
  readonly call: string;
  readonly args: readonly Json[];
  readonly request: PolicyRequest;
  readonly risk: Risk;
  readonly decision: string;
  readonly policyHash: string;
  readonly correlationId: string;
  readonly requestedAtMs: number;
  /** It has to be given and used before. */
  readonly expiresAtMs: number;
}

export interface Vote {
  readonly approval: string;
  readonly verdict: 'approve' | 'deny';
  /** A name of approvers.yaml. */
  readonly by: string;
  readonly reason?: string;
  /** ed25519 over `voteBytes`, base64. */
  readonly signature: string;
}

export interface CastVote extends Vote {
  readonly atMs: number;
  /** Whose signature it was; 43 characters of base64url. */
  readonly publicKey: string;
}

export type ApprovalEvent =
  | { readonly type: 'approval.requested'; readonly body: ApprovalFacts }
  | { readonly type: 'approval.approved'; readonly body: CastVote }
  | { readonly type: 'approval.denied'; readonly body: CastVote }
  | {
      readonly type: 'approval.used';
      readonly body: { readonly approval: string; readonly correlationId: string };
    };

export interface Approval {
  readonly facts: ApprovalFacts;
  readonly votes: readonly CastVote[];
  readonly denied?: CastVote;
  /** The correlation ID of the run that did it. */
  readonly usedBy?: string;
}

export type ApprovalState = 'waiting' | 'approved' | 'denied' | 'used' | 'expired';

export interface Approver {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly keyText: string;
}

/** What an operator says about approvals. */
export interface ApprovalTerms {
  readonly approvers: readonly Approver[];
  /** Whether anything of high risk may happen at all. */
  readonly allowsHigh: boolean;
  readonly expiresAfterMs: number;
}

/** The approval after an event; undefined when the event belongs to none. */
export function afterEvent(
  approval: Approval | undefined,
  event: ApprovalEvent,
): Approval | undefined {
  if (event.type === 'approval.requested') return { facts: event.body, votes: [] };
  if (!approval) return undefined;
  switch (event.type) {
    case 'approval.approved':
      return { ...approval, votes: [...approval.votes, event.body] };
    case 'approval.denied':
      return { ...approval, denied: event.body };
    case 'approval.used':
      return { ...approval, usedBy: event.body.correlationId };
  }
}

export const approversNeeded = (risk: Risk): number => (risk === 'high' ? 2 : 1);

/** Votes of people who may approve now: whoever was taken out of the file, or has another key, counts no longer. */
export const countedVotes = (
  { votes }: Approval,
  { approvers }: ApprovalTerms,
): readonly CastVote[] =>
  votes.filter(({ by, publicKey }) =>
    approvers.some(({ name, keyText }) => name === by && keyText === publicKey),
  );

export function stateOf(approval: Approval, terms: ApprovalTerms, nowMs: number): ApprovalState {
  const { facts, denied, usedBy } = approval;
  if (usedBy !== undefined) return 'used';
  if (denied) return 'denied';
  if (nowMs >= facts.expiresAtMs) return 'expired';
  const isHeld = facts.risk === 'high' && !terms.allowsHigh;
  const isEnough = countedVotes(approval, terms).length >= approversNeeded(facts.risk);
  return isEnough && !isHeld ? 'approved' : 'waiting';
}

/** What a person signs: exactly this, for exactly this action, until it expires. */
export const voteBytes = (
  { approval, actionHash, expiresAtMs }: ApprovalFacts,
  { by, verdict, reason = '' }: Pick<Vote, 'by' | 'verdict' | 'reason'>,
): Uint8Array =>
  Buffer.from(
    `skein-approval-1\n${canonicalJson({ actionHash, approval, by, expiresAtMs, reason, verdict })}`,
  );

/** Failures: APPROVAL_REFUSED, APPROVAL_EXPIRED, APPROVAL_DENIED. */
export function judgeVote(
  approval: Approval,
  vote: Vote,
  terms: ApprovalTerms,
  nowMs: number,
): Result<ApprovalEvent> {
  const { facts } = approval;
  const { approval: id } = facts;
  const refused = (reason: string) => failure('APPROVAL_REFUSED', { approval: id, reason });
  const state = stateOf(approval, terms, nowMs);
  if (state === 'expired')
    return failure('APPROVAL_EXPIRED', { approval: id, expiresAtMs: facts.expiresAtMs });
  if (state === 'used') return refused('it was used already');
  if (state === 'denied') return denialOf(approval);
  if (vote.approval !== id) return refused('the vote is for another approval');
  const own = terms.approvers.filter(({ name }) => name === vote.by);
  if (own.length === 0) return refused(`${vote.by} is no approver`);
  const bytes = voteBytes(facts, vote);
  const signature = Buffer.from(vote.signature, 'base64');
  const signer = own.find(({ publicKey }) => isSignedBy(publicKey, bytes, signature));
  if (!signer) return refused(`the signature is not ${vote.by}’s for this action`);
  const { approval: _, verdict, by, reason, signature: signed } = vote;
  const cast: CastVote = {
    ...{ approval: id, verdict, by, signature: signed, atMs: nowMs, publicKey: signer.keyText },
    ...(reason === undefined ? {} : { reason }),
  };
  if (verdict === 'deny') return success({ type: 'approval.denied', body: cast });
  if (facts.risk === 'high' && !terms.allowsHigh) return refused(NOT_RELEASED);
  if (state === 'approved') return refused('it has the approvals that it needs');
  const isSame = countedVotes(approval, terms).some(
    (each) => each.by === by || each.publicKey === signer.keyText,
  );
  return isSame
    ? refused(`${by} has approved it already: it takes two different people`)
    : success({ type: 'approval.approved', body: cast });
}

export const NOT_RELEASED =
  'nothing of high risk is released on this node (release.high in approvers.yaml)';

/** Whether anybody could ever approve an action of this risk. Failure: APPROVAL_REFUSED. */
export function judgeRelease(action: ActionFacts, terms: ApprovalTerms): Result<null> {
  const { risk } = action.decision;
  const refused = (reason: string) =>
    failure('APPROVAL_REFUSED', { approval: action.hash.slice(0, 16), reason });
  if (risk === 'high' && !terms.allowsHigh) return refused(NOT_RELEASED);
  const people = new Set(terms.approvers.map(({ name }) => name)).size;
  const needed = approversNeeded(risk);
  if (people >= needed) return success(null);
  return refused(
    people === 0
      ? 'nobody can approve here: there is no approvers.yaml'
      : `it takes ${needed} people, and approvers.yaml names ${people}`,
  );
}

/** What an action meets whose approval is there already; undefined: it has to be asked for anew. Success: it may be used up. */
export function judgeClaim(
  approval: Approval,
  terms: ApprovalTerms,
  nowMs: number,
): Result<ApprovalFacts> | undefined {
  const { facts } = approval;
  switch (stateOf(approval, terms, nowMs)) {
    case 'approved':
      return success(facts);
    case 'waiting':
      return requiredFor(facts);
    case 'denied':
      return nowMs < facts.expiresAtMs ? denialOf(approval) : undefined;
    default:
      return undefined;
  }
}

export const requiredFor = ({ approval, actionHash, call, risk, expiresAtMs }: ApprovalFacts) =>
  failure('APPROVAL_REQUIRED', {
    ...{ approval, actionHash, risk, expiresAtMs },
    action: call,
    approvers: approversNeeded(risk),
  });

const denialOf = ({ facts, denied }: Approval) =>
  failure('APPROVAL_DENIED', {
    approval: facts.approval,
    by: denied?.by ?? '',
    reason: denied?.reason ?? 'no reason given',
  });
