/**
 * The writing end of a journal, without its storage: gives each event its place, links it, and holds the whole back until
 * the storage says that it is kept. Both bodies of the port write through here. Pure but for its own state.
 *
 *     append, append, ...  ->  commit      what was staged is now the journal
 *                          ->  rollback    as if none of it had been asked
 */
import {
  type AppendReceipt,
  type Durability,
  failure,
  type Result,
  success,
} from '../contracts/index.ts';
import { eventText } from './event-codec.ts';
import type { AcceptedAppend } from './event-limits.ts';
import { type ChainHead, link } from './hash-chain.ts';
import type { StreamIndex } from './stream-index.ts';

export type StoreRow = (sequence: number, text: string, hash: string) => void;

export interface ChainWriter {
  /** Stages all events or none; JOURNAL_CONFLICT when the stream does not end where the append expects it to. */
  readonly append: (append: AcceptedAppend, atMs: number) => Result<AppendReceipt>;
  /** The end of the chain with what is staged. */
  readonly stagedHead: () => ChainHead;
  /** The end of the chain without it. */
  readonly head: () => ChainHead;
  readonly commit: () => void;
  readonly rollback: () => void;
}

export function chainWriter(options: {
  readonly index: StreamIndex;
  readonly head: ChainHead;
  readonly durability: Durability;
  readonly store: StoreRow;
}): ChainWriter {
  const { index, durability, store } = options;
  let head = options.head;
  let count = head.count;
  let hash = head.hash;
  /** Stream names of the staged events, in order; and where each stream would end with them. */
  const stagedStreams: string[] = [];
  const stagedLast = new Map<string, number>();

  const unstage = (): void => {
    stagedStreams.length = 0;
    stagedLast.clear();
  };

  return {
    append: ({ stream, events, expectedStreamSequence: expected }, atMs) => {
      const current = stagedLast.get(stream) ?? index.lastOf(stream);
      if (expected !== undefined && expected !== current)
        return failure('JOURNAL_CONFLICT', { stream, expected, current });
      const firstSequence = count + 1;
      let streamSequence = current;
      for (const event of events) {
        count += 1;
        streamSequence += 1;
        const text = eventText(event, { atMs, sequence: count, stream, streamSequence });
        const linked = link(hash, text);
        hash = linked.hash;
        store(count, linked.text, hash);
        stagedStreams.push(stream);
      }
      stagedLast.set(stream, streamSequence);
      return success({ firstSequence, lastStreamSequence: streamSequence, durability });
    },
    stagedHead: () => ({ count, hash }),
    head: () => head,
    commit: () => {
      let sequence = head.count;
      for (const stream of stagedStreams) index.add(stream, ++sequence);
      head = { count, hash };
      unstage();
    },
    rollback: () => {
      count = head.count;
      hash = head.hash;
      unstage();
    },
  };
}
