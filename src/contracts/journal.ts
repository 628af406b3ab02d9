/** The journal port: an append-only log in streams with gap-free sequences, and the key-value store beside it. */
import type { Json, Result } from './outcome.ts';

/** How sure a write is: lost with the process, copied to peers, or on the disk. */
export type Durability = 'memory' | 'replicated' | 'fsynced';

export interface JournalEvent {
  readonly type: string;
  readonly body: Json;
}

export interface RecordedEvent extends JournalEvent {
  /** Over the whole journal, from 1, without gaps. */
  readonly sequence: number;
  readonly stream: string;
  /** Within the stream, from 1, without gaps. */
  readonly streamSequence: number;
  readonly atMs: number;
  /** SHA-256, hex, over the hash before it and this event's canonical bytes. */
  readonly hash: string;
}

export interface AppendReceipt {
  readonly firstSequence: number;
  readonly lastStreamSequence: number;
  readonly durability: Durability;
}

export interface Journal {
  /**
   * Appends all events or none, in order. Settles when they are as durable as the receipt says; concurrent appends share
   * one commit. `expectedStreamSequence` makes it a compare-and-set: the stream must end there (0 for a new stream).
   * Failures: JOURNAL_CONFLICT, JOURNAL_UNAVAILABLE, ARGUMENT_INVALID (an event over its size limit, a bad stream name).
   */
  readonly append: (
    stream: string,
    events: readonly JournalEvent[],
    options?: { readonly expectedStreamSequence?: number },
  ) => Promise<Result<AppendReceipt>>;
  /** Events of a stream after `afterStreamSequence` (default 0), at most `limit` (default 1,000). Verified as they are read. */
  readonly read: (
    stream: string,
    options?: { readonly afterStreamSequence?: number; readonly limit?: number },
  ) => Promise<Result<readonly RecordedEvent[]>>;
  /** Streams whose name starts with `prefix`, newest first, at most `limit` (default 100). */
  readonly streams: (prefix: string, limit?: number) => Promise<Result<readonly string[]>>;
  /** Walks the whole chain. Success gives the number of events; failure is JOURNAL_CORRUPT with the first bad sequence. */
  readonly verify: () => Promise<Result<number>>;
  /** Waits for what was accepted, then closes. Appends after it fail with JOURNAL_UNAVAILABLE. */
  readonly close: () => Promise<void>;
}

export interface KeyValueEntry {
  readonly value: Json;
  /** From 1; grows by one with each write of the key, and goes on across a delete. */
  readonly revision: number;
}

export interface KeyValue {
  readonly get: (space: string, key: string) => Promise<Result<KeyValueEntry | undefined>>;
  /**
   * Writes; `expectedRevision` makes it a compare-and-set (0: the key must not exist). Bounds: see LIMITS.kv*.
   * Failures: JOURNAL_CONFLICT, JOURNAL_UNAVAILABLE, ARGUMENT_INVALID.
   */
  readonly put: (
    space: string,
    key: string,
    value: Json,
    options?: { readonly expectedRevision?: number },
  ) => Promise<Result<{ readonly revision: number }>>;
  readonly delete: (space: string, key: string) => Promise<Result<boolean>>;
  /** Keys that start with `prefix` (default: all) in the order of their UTF-8 bytes; `limit` 1 to 1,000, default 100. */
  readonly list: (
    space: string,
    options?: { readonly prefix?: string; readonly limit?: number },
  ) => Promise<Result<readonly { readonly key: string; readonly value: Json }[]>>;
  readonly close: () => Promise<void>;
}
