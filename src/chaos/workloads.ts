/** Which parts of the workload run. Default `actors`. */
export const WORKLOADS = ['actors', 'cluster', 'all'] as const;

/**
 * `actors`: actors, supervisors and runs. `cluster`: membership, and keys that are owned by one node at a time. The latter alone is
 * several times as fast.
 */
export type Workload = (typeof WORKLOADS)[number];

export const hasActors = (workload: Workload): boolean => workload !== 'cluster';
export const hasCluster = (workload: Workload): boolean => workload !== 'actors';
