/** What a caller gives for one run in a sandbox, and what it gets back. */
import type {
  CapabilityGrants,
  CorrelationId,
  Json,
  ResourceContract,
  Result,
  SandboxExit,
  SkillPackage,
  TenantId,
  Usage,
} from '../contracts/index.ts';
import type { HostEffects } from './capability.ts';
import type { EffectTape } from './effect-tape.ts';
import type { RunPolicy } from './policy/gate.ts';
import type { RunEntry } from './run-rules.ts';

/** One host call that the node served, for traces and the audit log. */
export interface HostCallEvent {
  readonly name: string;
  readonly startWallMs: number;
  readonly endWallMs: number;
  readonly ok: boolean;
  /** What was asked for and, after a failure, its code: `https://api.example.com/ EGRESS_REFUSED`. Printable. */
  readonly detail: string;
}

export interface RunRequest {
  readonly skill: SkillPackage;
  /** Must be the tenant that leased the host. */
  readonly tenant: TenantId;
  readonly input: Json;
  /** Default: the skill's default export. */
  readonly entry?: RunEntry;
  readonly resources: ResourceContract;
  /** The effective grants; see `effectiveGrants`. */
  readonly grants: CapabilityGrants;
  /** Decides about the run and each of its calls, within the grants. Without one everything is denied. */
  readonly policy?: RunPolicy;
  /** Seeds `Math.random` inside. A tape's own seed goes before it. */
  readonly seed: string;
  /** Where the clock inside starts, Unix epoch. A tape's own start goes before it. */
  readonly startWallMs: number;
  readonly correlationId: CorrelationId;
  readonly attempt: number;
  /** Names the call through all its attempts; host calls that change something tell it to whom they change it. */
  readonly task?: string;
  /** Answers the host calls instead of `effects`: a replay touches nothing and writes no log line. */
  readonly tape?: EffectTape;
  readonly effects: HostEffects;
  readonly onHostCall?: (event: HostCallEvent) => void;
}

export interface RunReport {
  readonly result: Result<Json>;
  readonly usage: Usage;
  readonly tape: EffectTape;
  /** SHA-256, hex, over the canonical bytes (RFC 8785) of the output; set when the result is ok. */
  readonly outputHash?: string;
  /** A limit was met, even if the skill caught the error: the output may depend on it, so it must not be verified by hash. */
  readonly limitTouched: boolean;
  /** Set when the host process is gone because of this run. Lease another. */
  readonly exit?: SandboxExit;
}
