/** What a gate is: one thing that has to be so before a node is relied on. */
import type { Ports } from '../../contracts/index.ts';
import type { NodeStatus } from '../skein-node.ts';

export interface GateResult {
  readonly result: 'pass' | 'fail' | 'skip';
  /** In a sentence. */
  readonly why: string;
  /** There for `fail`. */
  readonly advice?: string;
}

export interface GateReport extends GateResult {
  readonly id: string;
  readonly elapsedMs: number;
}

export interface GateWorld {
  readonly dataDir: string;
  /** The operator's ceiling over every run. */
  readonly policyFile: string | undefined;
  /** Of node groups; and the version of this build, which the file may ask for. */
  readonly clusterFile: string | undefined;
  readonly version: string;
  /** Dead letters that are put up with. */
  readonly deadLettersMax: number;
  /** Of the node that runs on the data directory; undefined: none answers. */
  readonly status: () => Promise<NodeStatus | undefined>;
  readonly ports: Ports;
}

export interface Gate {
  readonly id: string;
  /** Nothing that it does changes a file of the node. */
  readonly look: (world: GateWorld) => Promise<GateResult>;
}

export const pass = (why: string): GateResult => ({ result: 'pass', why });
export const skip = (why: string): GateResult => ({ result: 'skip', why });
export const fail = (why: string, advice: string): GateResult => ({ result: 'fail', why, advice });
