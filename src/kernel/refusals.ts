/** Messages that an actor does not run, each with its reason: its asker is told, or it becomes a dead letter. */
import { skeinError } from '../contracts/index.ts';
import type { Cell } from './cell.ts';
import type { Envelope } from './envelope.ts';
import { ACCEPTED, type SendResult } from './send.ts';

/** It found the mailbox full. `block-sender` holds back the sender's next turn until there is room. */
export function overflow(cell: Cell, envelope: Envelope, sender: Cell | undefined): SendResult {
  let resume: (() => void) | undefined;
  const outcome = cell.mailbox.overflowing(envelope, () => resume?.());
  cell.wake();
  if (outcome.kind === 'parked') {
    const admitted = new Promise<void>((resolve) => {
      resume = () => {
        sender?.unblock();
        resolve();
      };
    });
    sender?.block();
    return { kind: 'blocked', admitted };
  }
  const { capacity, overflow: policy } = cell.mailbox;
  cell.system.counters.mailboxOverflows++;
  const error = skeinError('MAILBOX_FULL', { actor: cell.ref.address, capacity, policy });
  cell.system.undelivered(outcome.dropped, error);
  return outcome.kind === 'refused' ? { kind: 'refused', error } : ACCEPTED;
}

export function refuseStopped(cell: Cell, envelope: Envelope): SendResult {
  const error = skeinError('ACTOR_STOPPED', { actor: cell.ref.address });
  cell.system.undelivered(envelope, error);
  return { kind: 'refused', error };
}

/** @returns whether its deadline has passed: expired work is dropped, not run. */
export function isExpired(cell: Cell, envelope: Envelope, deadlineMs: number): boolean {
  const lateMs = cell.system.clock.monotonicMs() - deadlineMs;
  if (lateMs < 0) return false;
  const error = skeinError('DEADLINE_EXPIRED', { actor: cell.ref.address, lateMs });
  cell.system.undelivered(envelope, error);
  return true;
}

export function refuseUnhandled(cell: Cell, envelope: Envelope): void {
  const facts = { actor: cell.ref.address, type: envelope.type, behaviour: cell.behaviour };
  cell.system.undelivered(envelope, skeinError('MESSAGE_UNHANDLED', facts));
}
