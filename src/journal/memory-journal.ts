/**
 * The journal in memory: the port's body for tests, for the simulator, and for a node that is told to keep nothing. Same
 * chain, same limits and same refusals as the one on disk; a receipt says `memory`, since the process takes it along.
 */
import { type Clock, failure, type Journal, type Result, success } from '../contracts/index.ts';
import { chainVerifier, readVerified } from './chain-verifier.ts';
import { chainWriter } from './chain-writer.ts';
import { acceptAppend, acceptListing, acceptRead, JOURNAL_BOUNDS } from './event-limits.ts';
import { GENESIS } from './hash-chain.ts';
import { streamIndex } from './stream-index.ts';

const FILE = 'memory';

export interface MemoryJournalOptions {
  readonly clock: Clock;
  /** Events held before appends are refused with JOURNAL_UNAVAILABLE. Default 1,000,000. */
  readonly eventsMax?: number;
}

export function memoryJournal(options: MemoryJournalOptions): Journal {
  const { clock, eventsMax = JOURNAL_BOUNDS.memoryEvents } = options;
  const rows: { readonly sequence: number; readonly event: string; readonly hash: string }[] = [];
  const index = streamIndex();
  const writer = chainWriter({
    index,
    head: GENESIS,
    durability: 'memory',
    store: (sequence, event, hash) => rows.push({ sequence, event, hash }),
  });
  let closed = false;
  const unavailable = (reason: string): Result<never> => failure('JOURNAL_UNAVAILABLE', { reason });

  return {
    append: async (stream, events, appendOptions) => {
      if (closed) return unavailable('it is closed');
      const accepted = acceptAppend(stream, events, appendOptions);
      if (!accepted.ok) return accepted;
      if (rows.length + accepted.value.events.length > eventsMax)
        return unavailable(`a memory journal holds ${eventsMax} events at most`);
      const receipt = writer.append(accepted.value, clock.wallMs());
      writer.commit();
      return receipt;
    },
    read: async (stream, readOptions) => {
      if (closed) return unavailable('it is closed');
      const range = acceptRead(stream, readOptions);
      if (!range.ok) return range;
      return readVerified({
        stream,
        sequences: index.slice(stream, range.value),
        afterStreamSequence: range.value.afterStreamSequence,
        rowAt: (sequence) => {
          const row = rows[sequence - 1];
          return row && { ...row, previousHash: rows[sequence - 2]?.hash };
        },
        file: FILE,
      });
    },
    streams: async (prefix, limit = 100) => {
      if (closed) return unavailable('it is closed');
      const accepted = acceptListing(prefix, limit);
      return accepted.ok ? success(index.newest(prefix, limit)) : accepted;
    },
    verify: async () => {
      if (closed) return unavailable('it is closed');
      const verifier = chainVerifier(streamIndex(), [writer.head()]);
      for (const row of rows) {
        const damage = verifier.accept(row);
        if (damage) return failure('JOURNAL_CORRUPT', { file: FILE, ...damage });
      }
      const damage = verifier.end();
      if (damage) return failure('JOURNAL_CORRUPT', { file: FILE, ...damage });
      return success(verifier.head().count);
    },
    close: async () => {
      closed = true;
    },
  };
}
