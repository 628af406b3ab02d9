/**
 * What an actor is: a kind, a state, and a handler for each type of message. The protocol that refs are typed by is
 * inferred from the handlers, so a wrong message type, payload or reply does not compile.
 */
import type { ExitReason } from '../contracts/index.ts';
import type { ActorContext } from './actor-context.ts';
import type { ActorRef } from './actor-ref.ts';

/** What a handler returns when its answer comes later: made by `ctx.replyLater` and `ctx.forward`. */
export class Later<R> {
  declare readonly reply: R;
}

/**
 * Handles one message in one turn. A returned promise extends the turn: no other message runs until it settles. What is
 * returned answers an ask; for a tell it is ignored. A throw fails the actor, and its supervisor decides.
 */
// biome-ignore lint/suspicious/noExplicitAny: each handler declares its own payload
export type Handler<S> = (state: S, payload: any, ctx: ActorContext) => unknown;
export type Handlers<S> = { readonly [type: string]: Handler<S> };

type Reply<R> = Awaited<R> extends Later<infer L> ? L : Exclude<Awaited<R>, Later<unknown>>;

export type ProtocolOf<H> = {
  [T in keyof H & string]: H[T] extends (...args: infer Args) => infer R
    ? { payload: Args extends [unknown, infer P, ...unknown[]] ? P : void; reply: Reply<R> }
    : never;
};

/** What happens to a send when the mailbox is full. `block-sender` holds back the sending actor's next turn. */
export type OverflowPolicy = 'refuse' | 'drop-oldest' | 'block-sender';

export interface MailboxOptions {
  /** Messages; default LIMITS.mailboxCapacity. */
  readonly capacity?: number;
  /** Default `refuse`. */
  readonly overflow?: OverflowPolicy;
}

export interface ChildExit {
  readonly child: ActorRef;
  readonly reason: ExitReason;
  /** The child did not fail by itself: it passed on a failure that it could not handle. */
  readonly escalated: boolean;
}

/** What the kernel tells an actor beside its messages. They come on the control lane: a full mailbox cannot delay them. */
export interface Signals<S> {
  /** An actor that was watched has ended. */
  readonly terminated?: (
    state: S,
    end: { readonly ref: ActorRef; readonly reason: ExitReason },
    ctx: ActorContext,
  ) => void;
  /** A child failed and is suspended until this actor orders resume, restart, stop or escalate. Default: stop. */
  readonly childFailed?: (state: S, exit: ChildExit, ctx: ActorContext) => void;
  /** A child has stopped and is gone. */
  readonly childStopped?: (state: S, exit: ChildExit, ctx: ActorContext) => void;
  /** Before a restart throws the state away. */
  readonly restarting?: (state: S, reason: ExitReason, ctx: ActorContext) => void;
  /** After the last message and after all children have ended. */
  readonly stopped?: (state: S, reason: ExitReason, ctx: ActorContext) => void | Promise<void>;
  /** Before passivation; what it returns is `ctx.snapshot` when the actor wakes. */
  readonly passivated?: (state: S, ctx: ActorContext) => unknown;
}

export interface ActorDefinition<S, A, H extends Handlers<S>> {
  /** The sort of actor, for traces, metrics and logs: `order`, `thread-keeper`. */
  readonly kind: string;
  /**
   * Makes the state, at start and at each restart. Write the types of both parameters (`ctx: ActorContext`): the type of
   * the state in the handlers is inferred from what this returns.
   */
  readonly initial: (args: A, ctx: ActorContext) => S | Promise<S>;
  readonly receive: H;
  /** Other sets of handlers, entered with `ctx.become(name)`; `ctx.become('receive')` leads back. */
  readonly behaviours?: Readonly<Record<string, Partial<Handlers<S>>>>;
  readonly signals?: Signals<S>;
  readonly mailbox?: MailboxOptions;
  /** Without messages for this long, the actor gives up its state until the next message. Default: never. */
  readonly passivateAfterIdleMs?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the kernel runs definitions of every type
export type AnyDefinition = ActorDefinition<any, any, any>;
export type RefOf<D> =
  D extends ActorDefinition<infer _S, infer _A, infer H> ? ActorRef<ProtocolOf<H>> : never;

/** Declares an actor. Gives back its argument: the work is done by the types. */
export function defineActor<S, A, H extends Handlers<S>>(
  definition: ActorDefinition<S, A, H>,
): ActorDefinition<S, A, H> {
  return definition;
}

/** Thrown by an actor that ends for a reason with a type of its own: a lost thread, a dead sandbox host. */
export class ActorExit extends Error {
  readonly reason: ExitReason;
  constructor(reason: ExitReason, message: string) {
    super(message);
    this.name = 'ActorExit';
    this.reason = reason;
  }
}
