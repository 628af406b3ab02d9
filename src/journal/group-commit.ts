/**
 * Group commit: writes asked for in one turn of the event loop share one transaction, hence one fsync. A write that is
 * refused (a conflict) leaves the others alone; a transaction that fails takes all of its writes with it, and every caller
 * learns so. Order is kept.
 */
import { type Result, reasonOf, type Timers } from '../contracts/index.ts';
import { JOURNAL_BOUNDS } from './event-limits.ts';
import type { Transactions } from './event-store.ts';
import { unavailable } from './sqlite-errors.ts';

export interface GroupCommit {
  /**
   * Runs `write` inside the next transaction and settles once that is on the disk. JOURNAL_UNAVAILABLE when the transaction
   * fails, when too much is pending (`bytes` is counted against it), after `close`, and for good after an error of the disk.
   * Never rejects.
   */
  readonly submit: <T>(bytes: number, write: () => Result<T>) => Promise<Result<T>>;
  /** Commits what is pending, then refuses. */
  readonly close: () => void;
}

interface Pending {
  readonly bytes: number;
  readonly write: () => Result<unknown>;
  readonly settle: (result: Result<unknown>) => void;
}

export interface GroupCommitOptions {
  readonly transactions: Transactions;
  readonly timers: Timers;
  /** Inside the transaction, after its writes. */
  readonly beforeCommit: () => void;
  readonly committed: () => void;
  readonly rolledBack: () => void;
}

export function groupCommit(options: GroupCommitOptions): GroupCommit {
  const { transactions, timers, beforeCommit, committed, rolledBack } = options;
  let pending: Pending[] = [];
  let pendingBytes = 0;
  let scheduled = false;
  let refusal: string | undefined;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    timers.immediate(() => {
      scheduled = false;
      flush();
      if (pending.length > 0) schedule();
    });
  };
  const flush = (): void => {
    const batch = nextBatch(pending);
    if (batch.length === 0) return;
    pending = pending.slice(batch.length);
    for (const { bytes } of batch) pendingBytes -= bytes;
    const results = transact(batch);
    for (let at = 0; at < batch.length; at++) batch[at]?.settle(results[at] as Result<unknown>);
  };
  const transact = (batch: readonly Pending[]): readonly Result<unknown>[] => {
    if (refusal !== undefined) return batch.map(() => unavailable(refusal as string));
    try {
      transactions.begin();
      const results = batch.map(({ write }) => write());
      beforeCommit();
      transactions.commit();
      committed();
      return results;
    } catch (thrown) {
      abandon(thrown);
      return batch.map(() => unavailable(reasonOf(thrown)));
    }
  };
  /**
   * After an error of the disk it is not known what the log holds, and a second fsync may report success for pages that
   * the first one lost. So nothing more is written; opening again judges what is really there.
   */
  const abandon = (thrown: unknown): void => {
    rolledBack();
    try {
      if (!transactions.rollback(thrown)) refusal = `${reasonOf(thrown)}; open it again`;
    } catch (second) {
      refusal = `${reasonOf(thrown)}, then ${reasonOf(second)}; open it again`;
    }
  };

  return {
    submit: <T>(bytes: number, write: () => Result<T>) => {
      if (refusal !== undefined) return Promise.resolve(unavailable(refusal));
      const { pendingWrites, pendingBytes: bytesMax } = JOURNAL_BOUNDS;
      if (pending.length >= pendingWrites || pendingBytes + bytes > bytesMax)
        return Promise.resolve(unavailable(`${pending.length} writes wait for their commit`));
      pendingBytes += bytes;
      schedule();
      return new Promise<Result<T>>((resolve) => {
        pending.push({ bytes, write, settle: resolve as Pending['settle'] });
      });
    },
    close: () => {
      while (pending.length > 0) flush();
      refusal ??= 'it is closed';
    },
  };
}

/** The writes of the next transaction: as many as its bounds allow, and at least one. */
function nextBatch(pending: readonly Pending[]): readonly Pending[] {
  let bytes = 0;
  let length = 0;
  for (const next of pending) {
    bytes += next.bytes;
    if (length > 0 && bytes > JOURNAL_BOUNDS.transactionBytes) break;
    length += 1;
    if (length === JOURNAL_BOUNDS.transactionWrites) break;
  }
  return pending.slice(0, length);
}
