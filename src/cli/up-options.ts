/** What `skein up` is told, of one node or of a group. */
import type { LogLevel } from '../telemetry/index.ts';
import type { EffectsFlags } from './effects-options.ts';
import type { GlobalOptions } from './output.ts';
import type { SandboxFlags } from './sandbox-options.ts';
import type { TrustFlags } from './trust-flags.ts';

export interface UpOptions extends GlobalOptions, SandboxFlags, TrustFlags, EffectsFlags {
  readonly threads: number;
  /** Default: `info` for a node, `warn` for the nodes of a group. */
  readonly log?: LogLevel;
  readonly recoverJournal?: boolean;
  readonly skills: readonly string[];
  readonly metricsPort?: number;
  readonly policy?: string;
  readonly cluster?: string;
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly natsCa?: string;
  readonly directHost?: string;
  readonly trustedKey?: readonly string[];
  /** Milliseconds. */
  readonly controlLease?: number;
  readonly nodes?: number;
  readonly file?: string;
}
