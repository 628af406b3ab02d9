/** The shared state in memory, for one process: no faults, nothing kept. */
import {
  failure,
  type Result,
  type SharedState,
  type StateChange,
  type StateEntry,
  sharedStateOver,
  success,
} from '../contracts/index.ts';
import { changeOf, StateBucket } from '../host/index.ts';

export function memoryState(): SharedState {
  const bucket = new StateBucket();
  const watches = new Set<() => void>();
  let isClosed = false;

  const closed = (operation: string, key: string): Result<never> =>
    failure('STATE_UNAVAILABLE', {
      operation,
      key,
      reason: 'it is closed',
      mayHaveHappened: false,
    });
  const watch = (prefix: string, onChange: (change: StateChange) => void): (() => void) => {
    let isOver = false;
    const tell = (change: StateChange): void => {
      queueMicrotask(() => {
        if (!isOver) onChange(change);
      });
    };
    const end = bucket.onWrite((write) => {
      if (write.key.startsWith(prefix)) tell(changeOf(write));
    });
    const stop = (): void => {
      isOver = true;
      end();
      watches.delete(stop);
    };
    watches.add(stop);
    tell({ kind: 'begin' });
    for (const entry of bucket.entries(prefix)) tell({ kind: 'entry', ...entry });
    tell({ kind: 'caught-up' });
    return stop;
  };

  return sharedStateOver({
    get: async (key): Promise<Result<StateEntry | undefined>> =>
      isClosed ? closed('get', key) : success(bucket.get(key)),
    write: async (wanted) => {
      if (isClosed) return closed(wanted.operation, wanted.key);
      const written = bucket.write(wanted);
      bucket.flush(0);
      return written;
    },
    keys: async (prefix) => (isClosed ? closed('keys', prefix) : success(bucket.keys(prefix))),
    watch: (prefix, onChange) =>
      isClosed ? closed('watch', prefix) : success(watch(prefix, onChange)),
    close: async () => {
      isClosed = true;
      for (const stop of [...watches]) stop();
    },
  });
}
