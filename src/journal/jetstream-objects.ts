/**
 * Objects in a JetStream object store: a stream `OBJ_<bucket>` of pieces, with the size and hash of each whole, so that `nats object`
 * shows them. https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-20.md
 */
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type ObjectStore, Objm } from '@nats-io/obj';
import {
  failure,
  isSafeName,
  LIMITS,
  type Result,
  reasonOf,
  success,
  type Timers,
} from '../contracts/index.ts';
import type { Nats } from '../transport/index.ts';
import type { BucketOptions } from './jetstream-bucket.ts';
import { type Objects, objectsAway } from './objects.ts';

export interface JetStreamObjectsOptions extends BucketOptions {
  /** May serve others too; it is not closed by this. */
  readonly nats: Nats;
  readonly timers: Timers;
  /** For one object, whole; default 20,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** Below the payload that NATS takes by default. */
const PIECE_BYTES = 128 * 1024;

/** Opens the bucket `SKEIN_<cluster>_<name>`, or makes it. Failures: ARGUMENT_INVALID, NATS_FAILED. */
export async function openJetStreamObjects(
  options: JetStreamObjectsOptions,
): Promise<Result<Objects>> {
  const { nats, timers, cluster, name, replicas = 1, timeoutMs = TIMEOUT_MS } = options;
  if (!isSafeName(cluster) || cluster.includes('.') || !/^[A-Za-z0-9-]{1,64}$/.test(name)) {
    const found = `${cluster} ${name}`.slice(0, 100);
    const expected = 'names of letters, digits and "-"';
    return failure('ARGUMENT_INVALID', { argument: 'name', found, expected });
  }
  const bucket = `SKEIN_${cluster}_${name}`;
  try {
    const timeout = LIMITS.stateTimeoutMs;
    const jsm = await jetstreamManager(nats.connection, { timeout, checkAPI: false });
    const objects = new Objm(jetstream(nats.connection, { timeout }));
    const made = { storage: StorageType.File, replicas, max_bytes: LIMITS.objectBytes };
    const isThere = await jsm.streams.info(`OBJ_${bucket}`).then(
      () => true,
      () => false,
    );
    const store = isThere ? await objects.open(bucket) : await objects.create(bucket, made);
    return success({
      put: async (object, bytes) => {
        if (!nats.isConnected()) return objectsAway('put', object, `no connection to ${nats.url}`);
        try {
          const meta = { name: object, options: { max_chunk_size: PIECE_BYTES } };
          await store.putBlob(meta, bytes, { timeout: timeoutMs });
          return success(undefined);
        } catch (thrown) {
          return objectsAway('put', object, reasonOf(thrown));
        }
      },
      get: async (object) => {
        if (!nats.isConnected()) return objectsAway('get', object, `no connection to ${nats.url}`);
        try {
          return success(await withinMs(readBounded(store, object), timers, timeoutMs));
        } catch (thrown) {
          return objectsAway('get', object, reasonOf(thrown));
        }
      },
    });
  } catch (thrown) {
    return failure('NATS_FAILED', { reason: `bucket ${bucket}: ${reasonOf(thrown)}` });
  }
}

/**
 * At most one byte more than a package may have: whoever can write to the store can put there what no node has room for, whatever size
 * it says, or a link that leads back to itself. What was cut off, or not followed, has another hash than its name says.
 */
async function readBounded(store: ObjectStore, object: string): Promise<Uint8Array | undefined> {
  const info = await store.info(object);
  if (!info || info.deleted) return undefined;
  if (info.options?.link) return new Uint8Array();
  const found = await store.get(object);
  if (!found) return undefined;
  const failed = found.error.catch((error: Error) => error);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = found.data.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    sizeBytes += value.byteLength;
    if (sizeBytes > LIMITS.packageBytes) {
      await reader.cancel();
      return Buffer.concat(pieces);
    }
  }
  const error = await failed;
  if (error) throw error;
  return Buffer.concat(pieces);
}

/** The library waits for pieces without end. */
async function withinMs<T>(work: Promise<T>, timers: Timers, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = timers.after(timeoutMs, () => reject(new Error(`no answer in ${timeoutMs} ms`)));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}
