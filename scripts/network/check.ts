/** What each check of the network is given. */
import type { Finding } from './finding.ts';
import type { Topology } from './topology.ts';

export interface CheckContext {
  readonly network: Topology;
  readonly cuts: number;
  /** Starts of three fresh nodes, of each kind. */
  readonly rounds: number;
  readonly seed: string;
  readonly report: (finding: Finding) => void;
  readonly progress: (line: string) => void;
}
