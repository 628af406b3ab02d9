/** A watch of a bucket that begins again whenever its following ended. Also the listing of keys, which is a short one. */
import type { JsMsg } from '@nats-io/jetstream';
import {
  type Log,
  type Result,
  reasonOf,
  type StateChange,
  success,
  type Timers,
} from '../contracts/index.ts';
import type { Bucket } from './jetstream-bucket.ts';
import { type BucketConnection, followBucket } from './jetstream-follow.ts';

export interface WatchedBucket extends BucketConnection {
  readonly bucket: Bucket;
  readonly timers: Timers;
  readonly log: Log;
}

type KeyChange = Extract<StateChange, { readonly key: string }>;

const RETRY_MS = 250;
const OPERATION = 'KV-Operation';

export const isDelete = (headers: { readonly get: (name: string) => string } | undefined) =>
  ['DEL', 'PURGE'].includes(headers?.get(OPERATION) ?? '');

/** A change that a message of the bucket tells of; undefined when it holds no JSON. */
function changeIn(message: JsMsg, bucket: Bucket): KeyChange | undefined {
  const { seq: revision, subject, headers } = message;
  const key = subject.slice(bucket.subjectPrefix.length);
  if (isDelete(headers)) return { kind: 'deleted', key, revision };
  try {
    return { kind: 'entry', key, value: message.json(), revision };
  } catch {
    return undefined;
  }
}

/** The server filters by whole parts of a key; what remains of the prefix is compared here. */
function filterOf({ subjectPrefix }: Bucket, prefix: string): string {
  return `${subjectPrefix}${prefix.slice(0, prefix.lastIndexOf('.') + 1)}>`;
}

export function watchBucket(
  watched: WatchedBucket,
  prefix: string,
  onChange: (change: StateChange) => void,
): () => void {
  const { nats, bucket, timers, log } = watched;
  let isOver = false;
  let stopFollowing = (): void => undefined;
  const retry = (): void => {
    if (isOver || nats.connection.isClosed()) return;
    timers.after(RETRY_MS, () => void follow());
  };
  const follow = async (): Promise<void> => {
    if (isOver) return;
    if (!nats.isConnected()) return retry();
    const round = watchRound(prefix, onChange);
    try {
      const stop = await followBucket(watched, {
        stream: bucket.stream,
        filter: filterOf(bucket, prefix),
        onMessage: (message) => {
          const change = changeIn(message, bucket);
          if (change) round.tell(change);
          else log.error('shared state: an entry holds no JSON', { subject: message.subject });
        },
        onCaughtUp: round.caughtUp,
        onEnd: (reason) => {
          round.lost(reason);
          retry();
        },
      });
      if (isOver) stop();
      else stopFollowing = stop;
    } catch (thrown) {
      log.debug('shared state: a watch could not begin', { prefix, reason: reasonOf(thrown) });
      retry();
    }
  };
  timers.immediate(() => void follow());
  return () => {
    isOver = true;
    stopFollowing();
  };
}

/** One round from `begin` to `lost`. Deletes of what this round has not told yet are none of the watcher's business. */
function watchRound(prefix: string, onChange: (change: StateChange) => void) {
  const told = new Set<string>();
  let hasBegun = false;
  let isCaughtUp = false;
  const begin = (): void => {
    if (!hasBegun) onChange({ kind: 'begin' });
    hasBegun = true;
  };
  return {
    tell: (change: KeyChange): void => {
      begin();
      if (!change.key.startsWith(prefix)) return;
      if (!isCaughtUp && change.kind === 'deleted' && !told.has(change.key)) return;
      if (!isCaughtUp) told.add(change.key);
      onChange(change);
    },
    caughtUp: (): void => {
      begin();
      isCaughtUp = true;
      told.clear();
      onChange({ kind: 'caught-up' });
    },
    lost: (reason: string): void => {
      if (hasBegun) onChange({ kind: 'lost', reason });
    },
  };
}

/** All keys of the prefix that exist, in order. Rejects with what client or server said, or after `timeoutMs`. */
export async function listKeys(
  watched: WatchedBucket,
  prefix: string,
  timeoutMs: number,
): Promise<Result<readonly string[]>> {
  const { bucket, timers } = watched;
  const keys = new Set<string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = timers.after(timeoutMs, () => reject(new Error(`not listed in ${timeoutMs} ms`)));
  promise.catch(() => undefined);
  const stop = await followBucket(watched, {
    stream: bucket.stream,
    filter: filterOf(bucket, prefix),
    isKeysOnly: true,
    onMessage: ({ subject, headers }) => {
      const key = subject.slice(bucket.subjectPrefix.length);
      if (isDelete(headers)) keys.delete(key);
      else if (key.startsWith(prefix)) keys.add(key);
    },
    onCaughtUp: resolve,
    onEnd: (reason) => reject(new Error(reason)),
  });
  try {
    await promise;
  } finally {
    timer.cancel();
    stop();
  }
  return success([...keys].sort());
}
