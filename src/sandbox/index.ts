/** The wall around hostile skill code: host processes, isolates, limits, capabilities, the effect tape. */
export { checkAuthorSchema } from './author-schema.ts';
export { CallRate } from './call-rate.ts';
export { CALL_NAMES, CALLS, type CallName, type CapabilityName } from './call-table.ts';
export { canonicalJson } from './canonical-json.ts';
export type { ActorCall, Actors } from './capabilities/actor.ts';
export type { CapabilityAction } from './capabilities/capability.ts';
export type { Files } from './capabilities/fs.ts';
export { keyValueSpace } from './capabilities/kv.ts';
export type { LogLine, LogSink } from './capabilities/log.ts';
export type { NextRequest } from './capabilities/redirects.ts';
export { actionOf, askedGrants, effectiveGrants, type HostEffects } from './capability.ts';
export { checkRules } from './check-rules.ts';
export type { EffectAnswer, EffectTape, TapedEffect } from './effect-tape.ts';
export type { FileRequest } from './files/file-request.ts';
export { parsePath } from './files/path-name.ts';
export { type WorkspaceOwner, type WorkspaceQuota, Workspaces } from './files/workspaces.ts';
export { ACTOR_TURN } from './guest-actor.ts';
export { GUEST_ENCODE } from './guest-encode.ts';
export type { AnswerFrame, Ending, RunFrame } from './host-frames.ts';
export type { LeasedHost as HostProcess } from './host-process.ts';
export { HostedRun } from './hosted-run.ts';
export {
  HALT_FOLDER,
  HaltFolder,
  type HaltFolderContent,
} from './kill-switch/halt-folder.ts';
export {
  DAMAGED,
  describeScope,
  HALT_ID,
  HALT_TEXT_MAX,
  type HaltOrder,
  type HaltRecord,
  type HaltRelease,
  type HaltScope,
  HaltScopeSchema,
  isOwnOrder,
  judgeRecord,
  LEASE,
  readHaltRecord,
  signOrder,
  signRelease,
} from './kill-switch/halt-order.ts';
export {
  addStopped,
  type HaltReceipt,
  NOTHING_STOPPED,
  readReceipt,
  type Stopped,
  signReceipt,
} from './kill-switch/halt-receipt.ts';
export { HaltableCalls } from './kill-switch/haltable-calls.ts';
export {
  forgettable,
  type HaltJudge,
  type HaltRecords,
  type HaltSubject,
  haltedError,
  isSame,
  mergeRecords,
  orderOver,
  standingIn,
  withRecord,
} from './kill-switch/standing-orders.ts';
export {
  type Approval,
  type ApprovalEvent,
  type ApprovalFacts,
  type ApprovalState,
  type ApprovalTerms,
  type Approver,
  afterEvent,
  approversNeeded,
  countedVotes,
  judgeClaim,
  judgeRelease,
  judgeVote,
  requiredFor,
  stateOf,
  type Vote,
  voteBytes,
} from './policy/approval.ts';
export {
  type AuditBatch,
  AuditWindow,
  type DecisionRecord,
  WINDOW_MS,
} from './policy/audit-window.ts';
export { type EngineCounts, PolicyEngine } from './policy/engine.ts';
export {
  type ActionFacts,
  type AuditFact,
  actionHash,
  exactRefusal,
  type RunPolicy,
} from './policy/gate.ts';
export { grantsSource, ownPolicies } from './policy/grant-policies.ts';
export { grantsPolicy } from './policy/grants-policy.ts';
export { type CheckedPolicies, checkPolicies, type PolicyProblem } from './policy/policy-file.ts';
export {
  type Decision,
  type PolicyRequest,
  principalOf,
  refusal,
} from './policy/policy-request.ts';
export { type NamedPolicy, type PolicySource, policySource } from './policy/policy-source.ts';
export type { HostCallEvent, RunReport, RunRequest } from './run-request.ts';
export type { RunEntry } from './run-rules.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';
export {
  type MissingLayer,
  SANDBOX_LEVELS,
  type SandboxLevel,
  type WantedLevel,
} from './sandbox-level.ts';
export { SecretStore, type Secrets } from './secrets/secret-store.ts';
export { type Completion, ModelService, type Models, type TokenUse } from './services/models.ts';
export { type Note, Notifier, type Notify } from './services/notifier.ts';
export { type SandboxSettings, type Tier, tierOf } from './settings.ts';
export {
  type SimulatedSkill,
  type SimulatedSkillContext,
  simulatedHost,
} from './simulated-host.ts';
export { classify, type Verdict } from './violations.ts';
