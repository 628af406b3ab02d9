/** The journal over a store that keeps: chained, group-committed, verified as it is read. The store is one process's alone. */
import {
  type Clock,
  failure,
  type Journal,
  type Result,
  success,
  type Timers,
} from '../contracts/index.ts';
import { chainVerifier, readVerified } from './chain-verifier.ts';
import { chainWriter } from './chain-writer.ts';
import { acceptAppend, acceptListing, acceptRead } from './event-limits.ts';
import type { EventStore } from './event-store.ts';
import { groupCommit } from './group-commit.ts';
import type { ChainHead } from './hash-chain.ts';
import { walkEvents } from './judgement.ts';
import { readFailure, unavailable } from './sqlite-errors.ts';
import { type StreamIndex, streamIndex } from './stream-index.ts';

export interface DurableJournalOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** The store was judged sound just now, and nobody else writes to it. */
export function durableJournal(
  { store, clock, timers }: DurableJournalOptions,
  { head, index }: { readonly head: ChainHead; readonly index: StreamIndex },
): Journal {
  const { file } = store;
  const writer = chainWriter({
    index,
    head,
    durability: 'fsynced',
    store: store.add,
  });
  const commits = groupCommit({
    transactions: store,
    timers,
    beforeCommit: () => {
      const staged = writer.stagedHead();
      // A batch of nothing but conflicts stays empty, and its commit is free.
      if (staged.count > writer.head().count) store.writeHead(staged);
    },
    committed: () => {
      writer.commit();
      store.noteHead(writer.head());
    },
    rolledBack: writer.rollback,
  });
  let reading = 0;

  /** Runs a read; whatever it throws becomes a failure that names `reading`, the sequence it was at. */
  const guarded = async <T>(read: () => Result<T> | Promise<Result<T>>): Promise<Result<T>> => {
    if (!store.isOpen()) return unavailable('it is closed');
    try {
      return await read();
    } catch (thrown) {
      return readFailure(thrown, { file, sequence: reading });
    }
  };

  return {
    append: (stream, events, appendOptions) => {
      const accepted = acceptAppend(stream, events, appendOptions);
      if (!accepted.ok) return Promise.resolve(accepted);
      const atMs = clock.wallMs();
      return commits.submit(accepted.value.bytes, () => writer.append(accepted.value, atMs));
    },
    read: (stream, readOptions) =>
      guarded(() => {
        const range = acceptRead(stream, readOptions);
        if (!range.ok) return range;
        return readVerified({
          stream,
          sequences: index.slice(stream, range.value),
          afterStreamSequence: range.value.afterStreamSequence,
          rowAt: (sequence) => {
            reading = sequence;
            return store.rowAt(sequence);
          },
          file,
        });
      }),
    streams: (prefix, limit = 100) =>
      guarded(() => {
        const accepted = acceptListing(prefix, limit);
        return accepted.ok ? success(index.newest(prefix, limit)) : accepted;
      }),
    verify: () =>
      guarded(async () => {
        const known = writer.head();
        const verifier = chainVerifier(streamIndex(), [known]);
        try {
          const walked = await walkEvents(store, verifier, timers, known.count);
          const damage = walked ?? verifier.end();
          if (damage) return failure('JOURNAL_CORRUPT', { file, ...damage });
          return success(known.count);
        } catch (thrown) {
          return readFailure(thrown, { file, sequence: verifier.head().count + 1 });
        }
      }),
    close: async () => {
      if (!store.isOpen()) return;
      commits.close();
      store.close();
    },
  };
}
