/** The actor model itself. Rooms above use these names; nothing else of the kernel is reached. */
export {
  type ActorDefinition,
  ActorExit,
  type AnyDefinition,
  type ChildExit,
  defineActor,
  type Handler,
  type Handlers,
  Later,
  type MailboxOptions,
  type OverflowPolicy,
  type ProtocolOf,
  type RefOf,
  type Signals,
} from './actor.ts';
export type {
  ActorContext,
  AskOptions,
  Detached,
  SpawnOnOptions,
  SpawnOptions,
} from './actor-context.ts';
export { ActorRef, type Protocol } from './actor-ref.ts';
export { ActorSystem, type SystemEnd, type SystemOptions } from './actor-system.ts';
export { type AskResult, answered, notDelivered, unknown } from './ask.ts';
export type { ActorModule } from './children.ts';
export type { SystemCounts } from './counters.ts';
export type { DeadLetter } from './dead-letters.ts';
export { type JoinOptions, joinBus } from './join-bus.ts';
export {
  LIFECYCLE,
  type LifecycleEvent,
  type LifecycleState,
  observeTransitions,
  permits,
  transition,
} from './lifecycle.ts';
export { provideModule } from './load-actor.ts';
export type { SendResult } from './send.ts';
export { parentContext, traceOf } from './tracing.ts';
