/** A message on its way. One shape, every field always set: the engine then keeps one hidden class for all of them. */
import type { TraceContext } from '../contracts/index.ts';
import type { ActorRef } from './actor-ref.ts';

export const NO_DEADLINE = Number.POSITIVE_INFINITY;
export const NO_ASK = 0;

export class Envelope {
  readonly target: ActorRef;
  readonly sender: ActorRef | undefined;
  readonly type: string;
  readonly payload: unknown;
  /** The waiting ask, or NO_ASK. Unique within the asker's thread. */
  readonly askId: number;
  /** The thread that waits for the answer; empty when it is this one. */
  readonly askerThread: string;
  /** On this thread's monotonic clock, ms; NO_DEADLINE for none. Past it the message is dropped, not run. */
  readonly deadlineMs: number;
  readonly trace: TraceContext | undefined;
  /** When it entered the mailbox, wall clock, ms; 0 unless its trace is sampled. */
  enqueuedAtMs = 0;

  constructor(
    target: ActorRef,
    sender: ActorRef | undefined,
    type: string,
    payload: unknown,
    askId: number,
    askerThread: string,
    deadlineMs: number,
    trace: TraceContext | undefined,
  ) {
    this.target = target;
    this.sender = sender;
    this.type = type;
    this.payload = payload;
    this.askId = askId;
    this.askerThread = askerThread;
    this.deadlineMs = deadlineMs;
    this.trace = trace;
  }
}
