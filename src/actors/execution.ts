/** One execution of a skill: what is asked of a skill actor and what comes back. Plain data: it crosses threads. */
import type {
  CapabilityGrants,
  Json,
  ResourceContract,
  Result,
  SandboxExit,
  SkillPackage,
  StepPlace,
  TenantId,
  Usage,
} from '../contracts/index.ts';
import type { ActorRef } from '../kernel/index.ts';
import type { EffectTape, RunEntry } from '../sandbox/index.ts';

export interface ExecutionRequest {
  readonly input: Json;
  /** Default: the skill's default export. */
  readonly entry?: RunEntry;
  /** Both from the call's contract: what the sandbox enforces. */
  readonly grants: CapabilityGrants;
  readonly resources: ResourceContract;
  readonly seed: string;
  readonly startWallMs: number;
  readonly attempt: number;
  /** Names the call through all its attempts, wherever they run: what services are told so that they do a thing once. */
  readonly task?: string;
  /** Of the node's policy, when the call was given to a thread. */
  readonly policyGeneration?: number;
  /** Answers host calls from the tape: a re-execution. */
  readonly tape?: EffectTape;
}

export interface Invocation extends ExecutionRequest {
  readonly skill: SkillPackage;
  readonly tenant: TenantId;
  /** Threads that should not run it, when another can: replicas belong on different ones. */
  readonly avoidThreads?: readonly string[];
  /** Which nodes may run it; default: this one, while it can. */
  readonly place?: StepPlace;
  /** The key-value store to use, when it is not that of the node that runs it. */
  readonly kv?: ActorRef;
}

export interface Execution {
  readonly result: Result<Json>;
  readonly usage: Usage;
  readonly tape: EffectTape;
  readonly outputHash?: string;
  readonly limitTouched: boolean;
  readonly thread: string;
  readonly exit?: SandboxExit;
}
