/**
 * What a journal needs of its storage: rows in transactions, the head of the chain written with them, and the head once more in a
 * place of its own. SQLite is one body of it, a simulated disk the other; what may be believed of either is decided elsewhere.
 */
import type { LinkedRow, StoredRow } from './chain-verifier.ts';
import type { ChainHead } from './hash-chain.ts';

export interface Transactions {
  /** @throws what the storage threw, as all of these */
  readonly begin: () => void;
  /** On the disk when it returns. */
  readonly commit: () => void;
  /** Undoes what was begun, after `thrown`. @returns whether nothing of it can be on the disk, so that writing may go on */
  readonly rollback: (thrown: unknown) => boolean;
}

/** How a journal is judged. */
export interface EventSource {
  /** Rows with a sequence above `count`, in order; above 0 means all, so that one with a sequence below 1 is seen as well. */
  readonly rowsAfter: (count: number) => Iterable<StoredRow>;
  /** The head that was written with the rows. */
  readonly headRow: () => ChainHead | 'damaged';
}

export interface EventStore extends EventSource, Transactions {
  /** What the files are called, for people. */
  readonly file: string;
  readonly isOpen: () => boolean;
  readonly add: (sequence: number, text: string, hash: string) => void;
  readonly writeHead: (head: ChainHead) => void;
  readonly rowAt: (sequence: number) => LinkedRow | undefined;
  /** Outside any transaction and not flushed: a lower bound for the next opening. Never throws. */
  readonly noteHead: (head: ChainHead) => void;
  readonly close: () => void;
}
