/**
 * The reading end of a journal: judges stored rows, trusting none. Used when a journal is opened, walked and read.
 * Pure but for the place it has reached.
 */
import { failure, type RecordedEvent, type Result, success } from '../contracts/index.ts';
import { recordedEvent } from './event-codec.ts';
import { isStreamName } from './event-limits.ts';
import { type ChainHead, GENESIS, linkHash } from './hash-chain.ts';
import type { StreamIndex } from './stream-index.ts';

/** A row as the storage gives it. A damaged file can give anything, so nothing is known of the types. */
export interface StoredRow {
  readonly sequence: unknown;
  readonly event: unknown;
  readonly hash: unknown;
}

/** Where trust ends: `sequence` is the first event that cannot be relied on. */
export interface Damage {
  readonly sequence: number;
  readonly reason: string;
}

export interface ChainVerifier {
  /** Takes the next row, or says why it cannot follow; after a refusal the verifier stays where it was. */
  readonly accept: (row: StoredRow) => Damage | undefined;
  /** After the last row: damage when a known head was not reached. */
  readonly end: () => Damage | undefined;
  readonly head: () => ChainHead;
}

/**
 * @param index receives each accepted event, and says where its stream stood
 * @param knownHeads places that the chain is known to have passed: it must reach each, with that hash
 */
export function chainVerifier(index: StreamIndex, knownHeads: readonly ChainHead[]): ChainVerifier {
  let head = GENESIS;
  const refuse = (reason: string): Damage => ({ sequence: head.count + 1, reason });

  return {
    accept: (row) => {
      const sequence = head.count + 1;
      if (row.sequence !== sequence) return refuse(`found sequence ${row.sequence} in its place`);
      const event = verifyRow(row, head.hash);
      if (typeof event === 'string') return refuse(event);
      if (!isStreamName(event.stream) || event.streamSequence !== index.lastOf(event.stream) + 1)
        return refuse('its place in its stream is taken or missing');
      for (const known of knownHeads) {
        if (known.count === sequence && known.hash !== event.hash)
          return refuse('it is not the event that the head record speaks of');
      }
      head = { count: sequence, hash: event.hash };
      index.add(event.stream, sequence);
      return undefined;
    },
    end: () => {
      const countMax = Math.max(head.count, ...knownHeads.map((known) => known.count));
      return countMax === head.count
        ? undefined
        : refuse(`the events ${head.count + 1} to ${countMax} are missing`);
    },
    head: () => head,
  };
}

/** The event of a row whose hash follows from `previousHash`, or a sentence saying what is wrong with it. */
function verifyRow(row: StoredRow, previousHash: string): RecordedEvent | string {
  if (typeof row.event !== 'string' || typeof row.hash !== 'string')
    return 'its columns have the wrong type';
  if (linkHash(previousHash, row.event) !== row.hash) return 'its hash does not fit its content';
  const event = recordedEvent(row.event, row.hash);
  return event.sequence === row.sequence ? event : `it was written as sequence ${event.sequence}`;
}

/** A row together with the hash of the row before it, as a reader fetches them. */
export interface LinkedRow extends StoredRow {
  readonly previousHash: unknown;
}

/**
 * Reads part of a stream through the index and verifies each event on the way: its hash, its place and its stream.
 * @param rowAt fetches one row; `undefined` when it is gone
 * @param file named in JOURNAL_CORRUPT
 */
export function readVerified(options: {
  readonly stream: string;
  readonly sequences: readonly number[];
  readonly afterStreamSequence: number;
  readonly rowAt: (sequence: number) => LinkedRow | undefined;
  readonly file: string;
}): Result<readonly RecordedEvent[]> {
  const { stream, sequences, rowAt, file } = options;
  let streamSequence = options.afterStreamSequence;
  const events: RecordedEvent[] = [];
  for (const sequence of sequences) {
    streamSequence += 1;
    const event = readRow(rowAt(sequence), sequence);
    if (typeof event === 'string')
      return failure('JOURNAL_CORRUPT', { file, sequence, reason: event });
    if (event.stream !== stream || event.streamSequence !== streamSequence) {
      const reason = `found event ${event.streamSequence} of ${event.stream} in its place`;
      return failure('JOURNAL_CORRUPT', { file, sequence, reason });
    }
    events.push(event);
  }
  return success(events);
}

function readRow(row: LinkedRow | undefined, sequence: number): RecordedEvent | string {
  if (row === undefined) return 'it is missing';
  const previousHash = sequence === 1 ? GENESIS.hash : row.previousHash;
  if (typeof previousHash !== 'string') return 'the event before it is missing';
  if (row.sequence !== sequence) return `found sequence ${row.sequence} in its place`;
  return verifyRow(row, previousHash);
}
