/** Watches of a shared state that lives in this process: each is told what is there, then what changes, in the order of writes. */
import type { StateChange } from '../contracts/index.ts';
import { type BucketWrite, changeOf, type StateBucket } from '../host/index.ts';

type Tell = (change: StateChange) => void;

export class StateWatches {
  readonly #bucket: StateBucket;
  readonly #watches = new Map<Tell, string>();

  constructor(bucket: StateBucket) {
    this.#bucket = bucket;
  }

  /** `onChange` is never called before this returns. @returns a function that ends it */
  watch(prefix: string, onChange: Tell): () => void {
    const tell: Tell = (change) => {
      queueMicrotask(() => {
        if (this.#watches.has(tell)) onChange(change);
      });
    };
    this.#watches.set(tell, prefix);
    tell({ kind: 'begin' });
    for (const entry of this.#bucket.entries(prefix)) tell({ kind: 'entry', ...entry });
    tell({ kind: 'caught-up' });
    return () => this.#watches.delete(tell);
  }

  /** A write that is to be known now. */
  tell(write: BucketWrite): void {
    for (const [tell, prefix] of this.#watches) {
      if (write.key.startsWith(prefix)) tell(changeOf(write));
    }
  }

  end(): void {
    this.#watches.clear();
  }
}
