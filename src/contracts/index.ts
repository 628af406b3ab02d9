/** The ground floor: schemas, errors, ids, limits and ports. No effects; imports nothing of Skein. */
export {
  type ActorDeclaration,
  ActorModuleSchema,
  type TurnCause,
  type TurnInput,
  type TurnOutput,
  TurnOutputSchema,
} from './actor-module.ts';
export { type Address, formatAddress, parseAddress } from './address.ts';
export {
  type CapabilityGrants,
  type Ceiling,
  CeilingSchema,
  commonGrants,
  GrantSchema,
  grantsFrom,
  smaller,
} from './ceiling.ts';
export { type Checked, checker, firstMismatch, type Mismatch, preview } from './check.ts';
export { checkManifest, unsoundJson } from './check-manifest.ts';
export { type DocumentError, type ReadDocument, readDocument } from './document.ts';
export {
  type EffectsFile,
  EffectsFileSchema,
  type LlmModel,
  type NotifyChannel,
} from './effects-file.ts';
export {
  ERROR_TABLE,
  type ErrorCategory,
  type ErrorCode,
  type ErrorDetails,
} from './error-table.ts';
export {
  errorOf,
  failure,
  reasonOf,
  SkeinException,
  skeinError,
} from './errors.ts';
export {
  type CorrelationId,
  DEFAULT_TENANT,
  EPOCHS_PER_LIFE,
  firstEpochOf,
  isCorrelationId,
  isGeneratedName,
  isRunId,
  isSafeName,
  MAIN_THREAD,
  type NodeId,
  newCorrelationId,
  newNodeId,
  newRunId,
  type RunId,
  type TenantId,
  type ThreadName,
} from './ids.ts';
export { assertNever, invariant } from './invariant.ts';
export type {
  AppendReceipt,
  Durability,
  Journal,
  JournalEvent,
  KeyValue,
  KeyValueEntry,
  RecordedEvent,
} from './journal.ts';
export { LIMITS } from './limits.ts';
export {
  addUsage,
  type Failure,
  type Json,
  NO_USAGE,
  type OutcomeFacts,
  type Result,
  type SkeinError,
  type StructuredOutcome,
  type Success,
  success,
  type Usage,
} from './outcome.ts';
export { ErrorSchema, OutcomeSchema, UsageSchema } from './outcome-schema.ts';
export { type PlainCopy, plainCopy } from './plain.ts';
export {
  type Budget,
  type Plan,
  PlanSchema,
  type Retry,
  type Step,
  type StepPlace,
  type Verify,
} from './plan.ts';
export type {
  ByteStream,
  Clock,
  FramePort,
  Log,
  PacketBus,
  Ports,
  ProcessExit,
  Processes,
  ProcessHandle,
  ProcessSpec,
  Random,
  StreamAddress,
  StreamListener,
  Streams,
  ThreadExit,
  ThreadHandle,
  ThreadSpec,
  Threads,
  TimerHandle,
  Timers,
  WhileAway,
} from './ports.ts';
export type { SharedState, StateChange, StateEntry, StateWrite } from './shared-state.ts';
export {
  type Capabilities,
  DEFAULT_RESOURCES,
  isHeldHere,
  ManifestSchema,
  type ResourceContract,
  type SkillManifest,
  type SkillPackage,
  VersionSchema,
} from './skill.ts';
export { type StateBody, sharedStateOver, type WantedWrite } from './state-requests.ts';
export {
  type Directive,
  describeExit,
  describeSandboxExit,
  describeThreadExit,
  type ExitReason,
  type SandboxExit,
} from './supervision.ts';
export { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts';
