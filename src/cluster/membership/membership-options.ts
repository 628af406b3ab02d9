/** What a member is started with, and what comes out of it. */
import type { NodeId, Random } from '../../contracts/index.ts';
import type { MemberFacts, MemberReport } from './member.ts';
import type { GossipMessage } from './messages.ts';
import type { Voice } from './statement.ts';

export interface MembershipTimes {
  /** One member is asked in each; default 300 ms. */
  readonly probeMs: number;
  /** For an answer, before others are asked to ask; default 120 ms. */
  readonly answerMs: number;
  /** Who is gone is remembered for so long, so that old reports do not bring it back; default 60 s. */
  readonly rememberMs: number;
  /** Everybody says hello about so often in a small cluster, less often in a large one; default 10 s. */
  readonly helloMs: number;
}

export const MEMBERSHIP_TIMES: MembershipTimes = {
  probeMs: 300,
  answerMs: 120,
  rememberMs: 60_000,
  helloMs: 10_000,
};

export interface MembershipOptions {
  readonly self: NodeId;
  readonly voice: Voice;
  /** Higher than that of any earlier life. */
  readonly incarnation: number;
  readonly facts: MemberFacts;
  readonly random: Random;
  readonly nowMs: number;
  readonly times?: MembershipTimes;
}

export type MembershipOutput =
  | { readonly kind: 'send'; readonly to: NodeId | 'all'; readonly message: GossipMessage }
  /** A member is new, back, suspected, gone, or says something else of itself. */
  | { readonly kind: 'changed'; readonly member: MemberReport }
  /** A statement that whose it is said to be has not signed. */
  | { readonly kind: 'forged'; readonly node: NodeId };

/** Somebody has said hello to all. */
export interface Called {
  readonly node: NodeId;
  readonly said: unknown;
  /** In the life that speaks. */
  readonly isMet: boolean;
}
