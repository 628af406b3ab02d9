/** The shared state in memory, for one process: no faults, nothing kept. */
import {
  failure,
  type Result,
  type SharedState,
  type StateEntry,
  sharedStateOver,
  success,
} from '../contracts/index.ts';
import { StateBucket } from '../host/index.ts';
import { StateWatches } from './state-watches.ts';

export function memoryState(): SharedState {
  const bucket = new StateBucket();
  const watches = new StateWatches(bucket);
  let isClosed = false;
  bucket.onWrite((write) => watches.tell(write));

  const closed = (operation: string, key: string): Result<never> =>
    failure('STATE_UNAVAILABLE', {
      operation,
      key,
      reason: 'it is closed',
      mayHaveHappened: false,
    });

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
      isClosed ? closed('watch', prefix) : success(watches.watch(prefix, onChange)),
    close: async () => {
      isClosed = true;
      watches.end();
    },
  });
}
