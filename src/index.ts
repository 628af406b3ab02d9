/** `skein`: actors, supervisors and nodes for programs. */
export {
  defineVirtualActor,
  type FiredReminder,
  type HandleOf,
  type ReminderTime,
  type VirtualActorDefinition,
  VirtualActors,
  type VirtualContext,
  type VirtualHandle,
} from './cluster/index.ts';
export {
  type Ceiling,
  type Json,
  newNodeId,
  OutcomeSchema,
  type Result,
  type SkeinError,
  SkeinException,
  type StructuredOutcome,
} from './contracts/index.ts';
export { realPorts } from './host/index.ts';
export {
  type ActorContext,
  type ActorDefinition,
  ActorExit,
  type ActorModule,
  type ActorRef,
  ActorSystem,
  type AskResult,
  defineActor,
  type RefOf,
} from './kernel/index.ts';
export {
  type ExecuteRequest,
  equalNodes,
  type Goal,
  type NodeOptions,
  planFor,
  type Query,
  type RunningGroup,
  type SkeinNode,
  type StartGroupOptions,
  startNode,
  startNodeGroup,
} from './runtime/index.ts';
export {
  type ChildSpec,
  type GroupEvent,
  type GroupNode,
  NodeGroup,
  type Strategy,
  type SupervisorReport,
  supervisor,
} from './supervisor/index.ts';
export { createLog, LogLineSchema } from './telemetry/index.ts';
