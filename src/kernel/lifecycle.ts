/**
 * The life of an actor as a table: which states there are, and which event leads where. Code asks `transition`; the docs
 * draw the table; a test walks it. An event that a state does not list is a broken invariant, not a no-op.
 */
import { invariant } from '../contracts/index.ts';

export type LifecycleState =
  /** `initial` is running or its module is being loaded; the mailbox collects. */
  | 'starting'
  | 'running'
  /** It failed and waits for its supervisor's verdict; the mailbox collects, the control lane works. */
  | 'suspended'
  /** Its children are being stopped so that it can start anew. */
  | 'restarting'
  /** It works off its mailbox and takes nothing new. */
  | 'draining'
  /** Idle and without state; the next message starts it again. */
  | 'passivated'
  /** Its children are being stopped; its mailbox goes to the dead letters. */
  | 'stopping'
  | 'stopped';

export type LifecycleEvent =
  | 'started'
  | 'failed'
  | 'resume'
  | 'restart'
  | 'children-stopped'
  | 'passivate'
  | 'wake'
  | 'drain'
  | 'stop'
  | 'ended';

export const LIFECYCLE: Readonly<
  Record<LifecycleState, Readonly<Partial<Record<LifecycleEvent, LifecycleState>>>>
> = {
  starting: { started: 'running', failed: 'suspended', stop: 'stopping' },
  running: {
    failed: 'suspended',
    restart: 'restarting',
    passivate: 'passivated',
    drain: 'draining',
    stop: 'stopping',
  },
  suspended: { resume: 'running', restart: 'restarting', stop: 'stopping' },
  restarting: { 'children-stopped': 'starting', stop: 'stopping' },
  draining: { failed: 'stopping', stop: 'stopping' },
  passivated: { wake: 'starting', stop: 'stopping' },
  stopping: { ended: 'stopped' },
  stopped: {},
};

type TransitionObserver = (state: LifecycleState, event: LifecycleEvent) => void;

let observer: TransitionObserver | undefined;

/** One at a time hears of every transition in this process: a simulation, to see what it has covered. */
export function observeTransitions(next: TransitionObserver | undefined): void {
  observer = next;
}

export function transition(state: LifecycleState, event: LifecycleEvent): LifecycleState {
  const next = LIFECYCLE[state][event];
  observer?.(state, event);
  invariant(next, `an actor that is ${state} cannot meet the event ${event}`);
  return next;
}

export const permits = (state: LifecycleState, event: LifecycleEvent): boolean =>
  LIFECYCLE[state][event] !== undefined;
