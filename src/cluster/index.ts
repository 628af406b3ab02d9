/** Nodes that know of each other. */
export { Gossip, type GossipCounts, type GossipOptions } from './membership/gossip.ts';
export {
  isGone,
  type MemberFacts,
  type MemberReport,
  type MemberStatus,
} from './membership/member.ts';
export {
  MEMBERSHIP_TIMES,
  Membership,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership/membership.ts';
export type { GossipMessage } from './membership/messages.ts';
