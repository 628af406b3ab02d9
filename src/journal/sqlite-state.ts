/**
 * The shared state of a node that has no cluster: one SQLite database, opened by one process. A write settles, and watchers are
 * told of it, after the fsync of the transaction that all writes of an event-loop turn share. All of it is in memory too.
 */
import {
  failure,
  type Result,
  reasonOf,
  type SharedState,
  type StateEntry,
  type StateWrite,
  sharedStateOver,
  success,
  type Timers,
  type WantedWrite,
} from '../contracts/index.ts';
import { type BucketWrite, StateBucket } from '../host/index.ts';
import { openForWriting } from './database-file.ts';
import { groupCommit } from './group-commit.ts';
import { unavailable } from './sqlite-errors.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';
import {
  createStateIfMissing,
  entryWriter,
  headWriter,
  readStateFile,
  type StateContent,
} from './state-file.ts';
import { StateWatches } from './state-watches.ts';

export interface SqliteStateOptions {
  /** Made when it does not exist; its folder must. */
  readonly file: string;
  readonly timers: Timers;
}

/** Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE (unreadable, or another process has it). Never rejects. */
export async function openSqliteState({
  file,
  timers,
}: SqliteStateOptions): Promise<Result<SharedState>> {
  try {
    const content = createStateIfMissing(file) ?? readStateFile(file);
    if ('reason' in content) return failure('JOURNAL_CORRUPT', { file, ...content });
    return success(stateOver(openForWriting(file), content, timers));
  } catch (thrown) {
    return unavailable(reasonOf(thrown));
  }
}

function stateOver(
  database: ReturnType<typeof openForWriting>,
  content: StateContent,
  timers: Timers,
): SharedState {
  const bucket = new StateBucket(content);
  const watches = new StateWatches(bucket);
  const [writeEntry, writeHead] = [entryWriter(database), headWriter(database)];
  /** Of the transaction that is open. */
  let batch: BucketWrite[] = [];
  const commits = groupCommit({
    transactions: sqliteTransactions(database),
    timers,
    beforeCommit: () => {
      const last = batch.at(-1);
      if (last) writeHead(last.revision);
    },
    committed: () => {
      const writes = batch;
      batch = [];
      bucket.flush(0);
      for (const write of writes) watches.tell(write);
    },
    rolledBack: () => {
      bucket.rollBack(batch.length);
      batch = [];
    },
  });
  bucket.onWrite((write) => {
    batch.push(write);
    writeEntry(write);
  });
  const away = (operation: string, key: string, reason: string, mayHaveHappened: boolean) =>
    failure('STATE_UNAVAILABLE', { operation, key, reason, mayHaveHappened });
  const closed = (operation: string, key: string) => away(operation, key, 'it is closed', false);

  const write = async (wanted: WantedWrite): Promise<Result<StateWrite>> => {
    const { operation, key, text = '' } = wanted;
    if (!database.isOpen) return closed(operation, key);
    const written = await commits.submit(key.length + text.length, () => bucket.write(wanted));
    if (written.ok || written.error.code === 'JOURNAL_CONFLICT') return written;
    return away(operation, key, written.error.message, true);
  };

  return sharedStateOver({
    get: async (key): Promise<Result<StateEntry | undefined>> =>
      database.isOpen ? success(bucket.get(key)) : closed('get', key),
    write,
    keys: async (prefix) =>
      database.isOpen ? success(bucket.keys(prefix)) : closed('keys', prefix),
    watch: (prefix, onChange) =>
      database.isOpen ? success(watches.watch(prefix, onChange)) : closed('watch', prefix),
    close: async () => {
      if (!database.isOpen) return;
      commits.close();
      database.close();
      watches.end();
    },
  });
}
