/**
 * A bucket of shared state as JetStream keeps it, without time or network: one order of writes, one revision over all keys, the
 * last write of each key (a delete too), and what has not reached the disk yet.
 */
import {
  failure,
  type Result,
  type StateChange,
  type StateEntry,
  type StateWrite,
  success,
  type WantedWrite,
} from '../contracts/index.ts';

export interface BucketWrite {
  readonly key: string;
  readonly text: string | undefined;
  readonly revision: number;
}

export interface BucketContent {
  readonly entries: readonly BucketWrite[];
  /** The highest that was ever given. */
  readonly revision: number;
}

interface UnflushedWrite {
  readonly write: BucketWrite;
  readonly before: BucketWrite | undefined;
  readonly atMs: number;
}

export class StateBucket {
  readonly #last = new Map<string, BucketWrite>();
  readonly #unflushed: UnflushedWrite[] = [];
  readonly #listeners = new Set<(write: BucketWrite) => void>();
  #revision: number;

  /** Goes on from what was kept; default: from nothing. */
  constructor({ entries, revision }: BucketContent = { entries: [], revision: 0 }) {
    for (const write of entries) this.#last.set(write.key, write);
    this.#revision = revision;
  }

  write({ key, text, expected }: WantedWrite, atMs = 0): Result<StateWrite> {
    const before = this.#last.get(key);
    if (!isExpected(before, expected)) {
      return failure('JOURNAL_CONFLICT', {
        stream: key,
        expected: typeof expected === 'number' ? expected : 0,
        current: before?.revision ?? 0,
      });
    }
    const write = { key, text, revision: ++this.#revision };
    this.#last.set(key, write);
    this.#unflushed.push({ write, before, atMs });
    for (const tell of [...this.#listeners]) tell(write);
    return success({ revision: write.revision });
  }

  get(key: string): StateEntry | undefined {
    return entryOf(this.#last.get(key));
  }

  /** By their revision, as JetStream delivers them. */
  entries(prefix: string): readonly StateEntry[] {
    return [...this.#last.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => a.revision - b.revision)
      .flatMap((write) => entryOf(write) ?? []);
  }

  keys(prefix: string): readonly string[] {
    return this.entries(prefix)
      .map(({ key }) => key)
      .sort();
  }

  /** Is it what the key holds now, or was it overwritten? */
  isLast(write: BucketWrite): boolean {
    return this.#last.get(write.key) === write;
  }

  /** @returns a function that ends it */
  onWrite(tell: (write: BucketWrite) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  /** What was written until then is on the disk. */
  flush(untilMs: number): void {
    const kept = this.#unflushed.findIndex(({ atMs }) => atMs > untilMs);
    this.#unflushed.splice(0, kept === -1 ? this.#unflushed.length : kept);
  }

  /** Loses the last `writes` of those that are not on the disk. @returns how many were lost */
  rollBack(writes: number): number {
    const kept = Math.max(0, this.#unflushed.length - writes);
    const lost = this.#unflushed.splice(kept);
    for (const { write, before } of lost.toReversed()) {
      if (before) this.#last.set(write.key, before);
      else this.#last.delete(write.key);
      this.#revision = write.revision - 1;
    }
    return lost.length;
  }
}

export const changeOf = ({ key, text, revision }: BucketWrite): StateChange =>
  text === undefined
    ? { kind: 'deleted', key, revision }
    : { kind: 'entry', key, value: JSON.parse(text), revision };

const entryOf = (write: BucketWrite | undefined): StateEntry | undefined =>
  write?.text === undefined
    ? undefined
    : { key: write.key, value: JSON.parse(write.text), revision: write.revision };

function isExpected(before: BucketWrite | undefined, expected: WantedWrite['expected']): boolean {
  if (expected === 'any') return true;
  if (expected === 'absent-or-deleted') return before?.text === undefined;
  return (before?.revision ?? 0) === expected;
}
