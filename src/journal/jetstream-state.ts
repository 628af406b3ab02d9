/**
 * The shared state in a JetStream bucket: the server's stream decides the order of writes and refuses one over a revision that is
 * not the key's last. Nothing is sent while the connection is away, so a write that this says did not happen never will.
 *
 * JetStream acknowledges a write before it is on the disk (by default files are synchronised every two minutes): a machine that
 * loses its power loses the last writes with one replica. With three on machines of their own a majority has them.
 */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import {
  type ErrorDetails,
  failure,
  LIMITS,
  type Log,
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
import type { Nats } from '../transport/index.ts';
import { type BucketOptions, openBucket } from './jetstream-bucket.ts';
import { isDelete, listKeys, type WatchedBucket, watchBucket } from './jetstream-watch.ts';

export interface JetStreamStateOptions extends BucketOptions {
  /** May serve several states; closing one leaves it open. */
  readonly nats: Nats;
  readonly timers: Timers;
  readonly log: Log;
  /** For an answer to one request; default 2,000. A `create` of a deleted key makes three. */
  readonly timeoutMs?: number;
}

/** Opens the bucket `SKEIN_<cluster>_<name>`, or makes it. Failures: ARGUMENT_INVALID, NATS_FAILED. */
export async function openJetStreamState(
  options: JetStreamStateOptions,
): Promise<Result<SharedState>> {
  const { nats, timers, log, timeoutMs = LIMITS.stateTimeoutMs } = options;
  try {
    const js = jetstream(nats.connection, { timeout: timeoutMs });
    const jsm = await jetstreamManager(nats.connection, { timeout: timeoutMs, checkAPI: false });
    const bucket = await openBucket(jsm, options);
    if (!bucket.ok) return bucket;
    const watched = { nats, js, jsm, bucket: bucket.value, timers, log };
    return success(stateOver(watched, timeoutMs));
  } catch (thrown) {
    return failure('NATS_FAILED', { reason: reasonOf(thrown) });
  }
}

function stateOver(watched: WatchedBucket, timeoutMs: number): SharedState {
  const { nats } = watched;
  const watches = new Set<() => void>();
  let isClosed = false;

  const call = async <T>(
    operation: string,
    key: string,
    isWrite: boolean,
    run: () => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const unavailable = (reason: string, mayHaveHappened: boolean): Result<never> =>
      failure('STATE_UNAVAILABLE', { operation, key, reason, mayHaveHappened });
    if (isClosed) return unavailable('it is closed', false);
    if (!nats.isConnected()) return unavailable(`no connection to ${nats.url}`, false);
    try {
      return await run();
    } catch (thrown) {
      return unavailable(reasonOf(thrown), isWrite && !isRefused(thrown));
    }
  };
  return sharedStateOver({
    get: (key) => call('get', key, false, async () => success((await read(watched, key)).entry)),
    write: (wanted) =>
      call(wanted.operation, wanted.key, true, () =>
        wanted.expected === 'absent-or-deleted' ? create(watched, wanted) : write(watched, wanted),
      ),
    keys: (prefix) => call('keys', prefix, false, () => listKeys(watched, prefix, timeoutMs)),
    watch: (prefix, onChange) => {
      if (isClosed) {
        const details = { operation: 'watch', key: prefix, mayHaveHappened: false };
        return failure('STATE_UNAVAILABLE', { ...details, reason: 'it is closed' });
      }
      const end = watchBucket(watched, prefix, onChange);
      const stop = (): void => {
        watches.delete(stop);
        end();
      };
      watches.add(stop);
      return success(stop);
    },
    close: async () => {
      isClosed = true;
      for (const stop of [...watches]) stop();
    },
  });
}

interface LastWrite {
  /** 0 when there was none. */
  readonly revision: number;
  /** Undefined when it was a delete. */
  readonly entry: StateEntry | undefined;
}

async function read({ jsm, bucket }: WatchedBucket, key: string): Promise<LastWrite> {
  const subject = `${bucket.subjectPrefix}${key}`;
  const stored = await jsm.streams.getMessage(bucket.stream, { last_by_subj: subject });
  if (stored === null) return { revision: 0, entry: undefined };
  const { seq: revision, header } = stored;
  if (isDelete(header)) return { revision, entry: undefined };
  return { revision, entry: { key, value: stored.json(), revision } };
}

async function write(
  { js, bucket }: WatchedBucket,
  { key, text, expected }: WantedWrite,
): Promise<Result<StateWrite>> {
  const head = headers();
  if (text === undefined) head.set('KV-Operation', 'DEL');
  if (typeof expected === 'number')
    head.set('Nats-Expected-Last-Subject-Sequence', String(expected));
  try {
    const subject = `${bucket.subjectPrefix}${key}`;
    const { seq } = await js.publish(subject, text ?? '', { headers: head });
    return success({ revision: seq });
  } catch (thrown) {
    const current = currentIn(thrown);
    if (current === undefined || typeof expected !== 'number') throw thrown;
    return failure('JOURNAL_CONFLICT', { stream: key, expected, current });
  }
}

/** The server knows no "or deleted": over a delete it has to be asked again, with the revision of the delete. */
async function create(watched: WatchedBucket, wanted: WantedWrite): Promise<Result<StateWrite>> {
  const first = await write(watched, { ...wanted, expected: 0 });
  if (first.ok || first.error.code !== 'JOURNAL_CONFLICT') return first;
  const { revision, entry } = await readBetween(watched, wanted.key);
  if (entry) {
    const details = { stream: wanted.key, expected: 0, current: revision };
    return failure('JOURNAL_CONFLICT', details);
  }
  const second = await write(watched, { ...wanted, expected: revision });
  if (second.ok || second.error.code !== 'JOURNAL_CONFLICT') return second;
  const { current } = second.error.details as ErrorDetails['JOURNAL_CONFLICT'];
  return failure('JOURNAL_CONFLICT', { stream: wanted.key, expected: 0, current });
}

/** Nothing was written by then, whatever happens to the reading. */
class NothingWritten extends Error {}

async function readBetween(watched: WatchedBucket, key: string): Promise<LastWrite> {
  try {
    return await read(watched, key);
  } catch (thrown) {
    throw new NothingWritten(reasonOf(thrown));
  }
}

/** The key's last revision in the server's refusal; -1 where it does not say. */
function currentIn(thrown: unknown): number | undefined {
  if (!(thrown instanceof JetStreamApiError)) return undefined;
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  if (thrown.code === StreamWrongLastSequenceUnknown) return -1;
  if (thrown.code !== StreamWrongLastSequence) return undefined;
  return Number(/(\d+)$/.exec(thrown.message)?.[1] ?? -1);
}

/** Did the write certainly not happen? The server refused it, or nobody was there to take it. */
function isRefused(thrown: unknown): boolean {
  if (thrown instanceof NothingWritten) return true;
  if (thrown instanceof JetStreamApiError) return thrown.status < 500;
  return thrown instanceof Error && thrown.name === 'JetStreamNotEnabled';
}
