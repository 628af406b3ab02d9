/** What a check of the doctor is: one layer of what a node stands on, looked at by itself. */
import type { Log, Ports, Random } from '../../contracts/index.ts';
import type { JetStreamProbed } from '../../journal/index.ts';
import type { Nats, NatsAccess, NatsServerInfo } from '../../transport/index.ts';
import type { NodeStatus } from '../skein-node.ts';

/** From the ground up: the first that fails is where to begin. */
export const LAYERS = [
  'node version',
  'data directory',
  'sandbox',
  'policy',
  'nats-server program',
  'server',
  'tls',
  'credentials',
  'payload limit',
  'subjects',
  'jetstream',
  'clock',
  'wire version',
  'slow consumer',
  'running node',
] as const;
export type Layer = (typeof LAYERS)[number];
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Finding {
  readonly verdict: Verdict;
  /** In a sentence. */
  readonly found: string;
  /** What to do, in a sentence; there for `warn` and `fail`. */
  readonly advice?: string;
}

export interface CheckReport extends Finding {
  readonly layer: Layer;
  readonly elapsedMs: number;
}

/** What is examined, and what earlier checks have found out for later ones. */
export interface Patient {
  readonly dataDir: string;
  /** Undefined: there is no cluster to look at. */
  readonly access: NatsAccess | undefined;
  readonly cluster: string;
  /** Of the node that runs on the data directory. */
  readonly status: NodeStatus | undefined;
  readonly ports: Ports;
  readonly random: Random;
  readonly log: Log;
  info?: NatsServerInfo;
  nats?: Nats;
  probed?: JetStreamProbed;
}

export interface Check {
  readonly layer: Layer;
  /** Skipped unless these are in order. */
  readonly needs: readonly Layer[];
  readonly look: (patient: Patient) => Promise<Finding>;
}

export const ok = (found: string): Finding => ({ verdict: 'ok', found });
export const skipped = (found: string): Finding => ({ verdict: 'skipped', found });
export const warn = (found: string, advice: string): Finding => ({
  verdict: 'warn',
  found,
  advice,
});
export const fail = (found: string, advice: string): Finding => ({
  verdict: 'fail',
  found,
  advice,
});

export const NO_CLUSTER = 'no cluster is named: give --nats, or start a node of one';
