/**
 * A message on its way. One shape, every field always set and of one representation: the engine then keeps one hidden class
 * for all of them and boxes no number. NO_DEADLINE is `undefined` for that reason, since an infinite number would be boxed.
 */
import type { TraceContext } from '../contracts/index.ts';
import type { Link } from '../transport/index.ts';
import type { ActorRef } from './actor-ref.ts';
import type { PendingAsk } from './ask.ts';

export const NO_DEADLINE = undefined;

/** Who waits for the answer on the other side of `link`; `id` is the ask's number there. */
export class RemoteAsker {
  readonly id: number;
  readonly link: Link;

  constructor(id: number, link: Link) {
    this.id = id;
    this.link = link;
  }
}

export class Envelope {
  readonly target: ActorRef;
  readonly sender: ActorRef | undefined;
  readonly type: string;
  readonly payload: unknown;
  /** The ask that waits for an answer; undefined for a tell. */
  readonly asker: PendingAsk | RemoteAsker | undefined;
  /** On this thread's monotonic clock, ms. Past it the message is dropped, not run. */
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext | undefined;
  /** When it entered the mailbox, wall clock, ms; only while its trace is sampled. */
  enqueuedAtMs: number | undefined = undefined;

  constructor(
    target: ActorRef,
    sender: ActorRef | undefined,
    type: string,
    payload: unknown,
    asker: PendingAsk | RemoteAsker | undefined,
    deadlineMs: number | undefined,
    trace: TraceContext | undefined,
  ) {
    this.target = target;
    this.sender = sender;
    this.type = type;
    this.payload = payload;
    this.asker = asker;
    this.deadlineMs = deadlineMs;
    this.trace = trace;
  }
}
