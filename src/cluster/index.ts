/** Who owns what in a cluster: placement and leases. */
export {
  type Candidate,
  type PlacementRules,
  place,
  weightUnderLoad,
} from './ownership/placement.ts';
