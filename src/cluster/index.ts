/** Nodes that know of each other. */

export { Gossip, type GossipCounts, type GossipOptions } from './membership/gossip.ts';
export type { GossipReport } from './membership/gossip-control.ts';
export type { GossipBoot } from './membership/gossip-thread.ts';
export {
  isGone,
  type MemberFacts,
  type MemberReport,
  type MemberStatus,
} from './membership/member.ts';
export {
  GOSSIP_HEAP_MIB,
  GOSSIP_MAIN_URL,
  Members,
  type MembersOptions,
} from './membership/members.ts';
export {
  MEMBERSHIP_TIMES,
  Membership,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership/membership.ts';
export type { GossipMessage } from './membership/messages.ts';
