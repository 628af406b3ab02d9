/** Nodes that know of each other, and who of them owns what. */

export {
  epochOf,
  Gossip,
  type GossipCounts,
  type GossipOptions,
  gossipSubject,
} from './membership/gossip.ts';
export type { GossipReport } from './membership/gossip-control.ts';
export { askMembers, type GossipProbe, type Probed } from './membership/gossip-probe.ts';
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
export { Membership } from './membership/membership.ts';
export {
  MEMBERSHIP_TIMES,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership/membership-options.ts';
export type { GossipMessage } from './membership/messages.ts';
export type { PeerHealthReport } from './membership/peer-health.ts';
export {
  type Claim,
  type SelfStatement,
  type Statement,
  type Voice,
  voiceOf,
} from './membership/statement.ts';
export type { Activate, Deactivate, Hold } from './ownership/activation.ts';
export { type ClaimPatience, DEFAULT_PATIENCE } from './ownership/claim.ts';
export { Fence, type FencingToken } from './ownership/fence.ts';
export { acquireLease, Lease, type LeaseOptions } from './ownership/lease.ts';
export {
  acceptTerms,
  DEFAULT_TERMS,
  type LeaseRecord,
  type LeaseTerms,
} from './ownership/lease-terms.ts';
export { LeaseWatch, type LeaseWatchOptions, type Standing } from './ownership/lease-watch.ts';
export { forgetLeases, Ownership, type OwnershipOptions } from './ownership/ownership.ts';
export {
  type Candidate,
  type PlacementRules,
  place,
  weightUnderLoad,
} from './ownership/placement.ts';
export { imageOf } from './virtual/actor-record.ts';
export { earliest, type Reminder, withoutFired, withReminder } from './virtual/reminders.ts';
export {
  defineVirtualActor,
  type FiredReminder,
  type HandleOf,
  type ReminderTime,
  type VirtualActorDefinition,
  type VirtualAskOptions,
  type VirtualContext,
  type VirtualHandle,
  type VirtualHandler,
  type VirtualHandlers,
} from './virtual/virtual-actor.ts';
export {
  type RegisterOptions,
  VIRTUAL_TERMS,
  VirtualActors,
  type VirtualActorsOptions,
} from './virtual/virtual-actors.ts';
export {
  formatVirtualAddress,
  parseVirtualAddress,
  type VirtualAddress,
} from './virtual/virtual-address.ts';
