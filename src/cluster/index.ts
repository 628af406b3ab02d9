/** Who owns what in a cluster: placement and leases. */
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
export { Ownership, type OwnershipOptions } from './ownership/ownership.ts';
export {
  type Candidate,
  type PlacementRules,
  place,
  weightUnderLoad,
} from './ownership/placement.ts';
