/** The kinds of actor a node runs: skills, their pool, runs, verification, the key-value store. */

export { type FileChunk, planChunks, readChunk } from './chunks.ts';
export {
  type DelegateArgs,
  delegateActor,
  type HeldSkills,
} from './delegation/delegate-actor.ts';
export { delegateOf } from './delegation/delegate-ref.ts';
export type { DelegationCounts } from './delegation/delegation.ts';
export { type DelegatorArgs, delegatorActor } from './delegation/delegator-actor.ts';
export { effectsActor } from './effects-actor.ts';
export type { Execution, ExecutionRequest, Invocation } from './execution.ts';
export { kvActor, remoteKeyValue } from './kv-actor.ts';
export {
  type ModuleKind,
  type ModuleMessage,
  moduleKey,
  moduleKind,
} from './module/module-kind.ts';
export type { ModuleState, TurnWorld } from './module/module-turn.ts';
export { dependenciesOf } from './plan-graph.ts';
export { approvalActor } from './policy/approval-actor.ts';
export type { ApprovalView } from './policy/approval-book.ts';
export { AUDIT_STREAM, auditActor } from './policy/audit-actor.ts';
export { type PolicyInForce, type PolicyKind, policyActor } from './policy/policy-actor.ts';
export type { PolicyRefs, SkillPolicy } from './policy/policy-agent.ts';
export {
  referenceFault,
  referencesIn,
  resolveReferences,
  type Scope,
  stepOf,
} from './references.ts';
export { type CallContract, type ContractTerms, contractOf, resourcesOf } from './resources.ts';
export { type RunArgs, runActor } from './run-actor.ts';
export type { RunEvent } from './run-events.ts';
export {
  SANDBOX_KEEPER,
  type SandboxKeeperArgs,
  type SandboxStatus,
  type ThreadOrders,
} from './sandbox-keeper-module.ts';
export { httpClientOf, type SkillActorArgs, sandboxOf, skillActor } from './skill-actor.ts';
export { SKILL_ACTOR, type SkillPoolArgs, skillPoolActor } from './skill-pool-actor.ts';
export { judge, type Verdict, type Verification, verifierActor } from './verifier-actor.ts';
