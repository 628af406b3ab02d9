/**
 * What a virtual actor is: a kind, a state by key, a handler for each type of message. It is addressed before it exists and has
 * no place: the cluster activates it somewhere when it is needed, with the state that it left.
 */
import type { Clock, Log, Random, SkeinError, TraceContext } from '../../contracts/index.ts';
import type { AskResult, ProtocolOf } from '../../kernel/index.ts';
import type { FencingToken } from '../ownership/fence.ts';

/** When a reminder comes: once, or again and again from one period on. */
export type ReminderTime = { readonly afterMs: number } | { readonly everyMs: number };

export interface FiredReminder {
  readonly name: string;
  /** Counts from 1 the times that it fired: the same number again is the same time again. */
  readonly sequence: number;
  /** Wall clock, ms: when it was to come. */
  readonly dueAtMs: number;
  readonly payload: unknown;
}

/** What a handler can do. It speaks for one turn, and refuses everything once that is over. */
export interface VirtualContext {
  readonly key: string;
  /** `skein://<kind>/<key>`. */
  readonly address: string;
  /** Of this activation: higher than those before. To be sent to whatever else the actor writes to, and checked there. */
  readonly token: FencingToken;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly trace: TraceContext | undefined;
  /** Whether the actor still owns its key, asked now. */
  readonly isHeld: () => boolean;
  /**
   * Sets a reminder, or sets one of that name anew; kept with the state, in the same write. It reaches `reminders[name]` on
   * whichever node has the actor then. @throws ARGUMENT_INVALID, OVERLOADED as a `SkeinException`
   */
  readonly remind: (name: string, time: ReminderTime, payload?: unknown) => void;
  /** @returns whether there was one of that name */
  readonly cancelReminder: (name: string) => boolean;
  /** Sent once the change of this turn is durable, and never when it does not become so. */
  readonly tell: <P extends VirtualProtocol, T extends keyof P & string>(
    handle: VirtualHandle<P>,
    type: T,
    payload?: P[T]['payload'],
  ) => void;
  /** Gives up the lease after this turn; the state stays. */
  readonly passivate: () => void;
  /** Erases state and reminders when this turn ends, and passivates: the next message finds the initial state. */
  readonly erase: () => void;
}

// biome-ignore lint/suspicious/noExplicitAny: a handle of unknown protocol takes any message
export type VirtualProtocol = Record<string, { payload: any; reply: any }>;

/**
 * One turn; a returned promise extends it. When the turn ends well what changed in `state` is written, and only then the ask is
 * answered. A throw answers `unknown` and the state is what it was before the turn.
 */
// biome-ignore lint/suspicious/noExplicitAny: each handler declares its own payload
export type VirtualHandler<S> = (state: S, payload: any, ctx: VirtualContext) => unknown;
export type VirtualHandlers<S> = { readonly [type: string]: VirtualHandler<S> };

export interface VirtualActorDefinition<S, H extends VirtualHandlers<S>> {
  /** Letters, digits, `-` and `_`, from a letter on. */
  readonly kind: string;
  /** The state of a key that nobody has written yet: plain JSON data, an object that handlers change in place. */
  readonly initial: (key: string) => S;
  readonly receive: H;
  /** By the name that `ctx.remind` was given. At least once each; what they change in the state happens once. */
  readonly reminders?: Readonly<
    Record<string, (state: S, reminder: FiredReminder, ctx: VirtualContext) => unknown>
  >;
  /** Of the names that `reminders` does not have. */
  readonly otherReminder?: (state: S, reminder: FiredReminder, ctx: VirtualContext) => unknown;
  /** Without messages for this long it gives its lease back. Default 60,000. */
  readonly passivateAfterIdleMs?: number;
  /** Only nodes with all of these labels may have it. */
  readonly requiredLabels?: Readonly<Record<string, string>>;
  /** Messages that may wait for it; default LIMITS.mailboxCapacity. */
  readonly mailboxCapacity?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: hosts run definitions of every type
export type AnyVirtualDefinition = VirtualActorDefinition<any, any>;

/** Declares a virtual actor. Gives back its argument: the work is done by the types. */
export function defineVirtualActor<S extends object, H extends VirtualHandlers<S>>(
  definition: VirtualActorDefinition<S, H>,
): VirtualActorDefinition<S, H> {
  return definition;
}

export interface VirtualAskOptions {
  /** Over all tries; default LIMITS.askTimeoutMs. */
  readonly timeoutMs?: number;
  readonly trace?: TraceContext;
}

/**
 * A virtual actor by its key, whether it lives or not. Payloads and replies are JSON data. An ask ends `not-delivered` when the
 * message was certainly not run (VIRTUAL_UNREACHABLE among others) and `unknown` when it may have been: then whoever asks again
 * needs to be able to tell.
 */
export interface VirtualHandle<P extends VirtualProtocol> {
  /** Exists only for the type checker. */
  readonly protocol?: P;
  readonly kind: string;
  readonly key: string;
  readonly address: string;
  readonly ask: <T extends keyof P & string>(
    type: T,
    ...rest: AskArguments<P[T]['payload']>
  ) => Promise<AskResult<P[T]['reply']>>;
  /** At most once, with the same tries; what does not arrive is logged. */
  readonly tell: <T extends keyof P & string>(
    type: T,
    ...rest: AskArguments<P[T]['payload']>
  ) => void;
}

/** A handler without payload is asked without one. */
export type AskArguments<T> = 0 extends 1 & T
  ? [payload?: T, options?: VirtualAskOptions]
  : [T] extends [void]
    ? [payload?: undefined, options?: VirtualAskOptions]
    : [payload: T, options?: VirtualAskOptions];

export type HandleOf<D> =
  D extends VirtualActorDefinition<infer _S, infer H> ? VirtualHandle<ProtocolOf<H>> : never;

/** What a node answers to a message for a virtual actor. `not-here`: not run, another node may have the actor. */
export type VirtualAnswer =
  | { readonly kind: 'answered'; readonly value?: unknown }
  | { readonly kind: 'not-here'; readonly reason: string }
  | { readonly kind: 'refused'; readonly error: SkeinError }
  | { readonly kind: 'unknown'; readonly error: SkeinError };

export const notHere = (reason: string): VirtualAnswer => ({ kind: 'not-here', reason });
