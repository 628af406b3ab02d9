/** Runs: the node that carries them out, plans, and `execute`. */

export type { ActorMessage } from './actor-message.ts';
export { readCeiling } from './ceiling-file.ts';
export { ClusterFileSchema, type ClusterPlan, readClusterFile } from './cluster-file.ts';
export {
  type CheckReport,
  type Diagnosis,
  type DoctorOptions,
  examine,
  LAYERS,
  type Layer,
} from './doctor/index.ts';
export { readEffects } from './effects-file.ts';
export { type ExecuteParts, type ExecuteRequest, executeRun } from './execute.ts';
export { type GateReport, type GateWorld, validate } from './gates/index.ts';
export { GroupOperator, type GroupStatus, type RedeployRequest } from './group-operator.ts';
export type { HaltWish } from './halt/kill-switch.ts';
export type { HaltAnswer, HaltControl, HaltReleased, HaltStatus } from './halt/node-halts.ts';
export type { Confirmation } from './halt/receipts.ts';
export { startNode } from './node.ts';
export type { ActiveActor } from './node-actors.ts';
export { type DelegationParts, type NodeDelegation, startDelegation } from './node-delegation.ts';
export { inspectNodeKey } from './node-key-file.ts';
export { labelFault, parseLabels } from './node-labels.ts';
export type { NodeOptions } from './node-options.ts';
export type { RegistryReport } from './node-skills.ts';
export {
  dataDirsIn,
  type Nuked,
  type NukePlan,
  nuke,
  type PlannedFile,
  planNuke,
  refuseInUse,
} from './nuke/index.ts';
export { openRegistry, SIGNERS_FILE } from './open-registry.ts';
export {
  type OperatorReport,
  OperatorReportSchema,
  type ReportFiles,
  writeOperatorReport,
} from './operator-report.ts';
export { checkPlan, readPlan } from './plan-file.ts';
export { type Goal, planFor } from './planner.ts';
export { APPROVERS_FILE, readApprovers } from './policy/approvers-file.ts';
export { type AuditEntry, type AuditFilter, decisionIn } from './policy/audit-log.ts';
export type { AuditSummary } from './policy/audit-summary.ts';
export type { ExplainQuery, Explanation, PolicyLine } from './policy/explain.ts';
export type { NodeApprovals } from './policy/node-approvals.ts';
export type { PolicyStatus, PolicyView } from './policy/node-policy.ts';
export {
  checkPolicyFile,
  isPolicyFile,
  POLICY_FILE,
  readPolicyFile,
} from './policy/policy-file.ts';
export type { BudgetReport, Query, QueryAnswers, RunSummary } from './query.ts';
export type { NodeStatus, SkeinNode } from './skein-node.ts';
export {
  equalNodes,
  type RunningGroup,
  type StartGroupOptions,
  startNodeGroup,
  type WantedNode,
} from './start-group.ts';
