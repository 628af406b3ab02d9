/**
 * The bucket of a shared state: a JetStream stream in the layout of NATS key-value (`KV_<bucket>`, subjects `$KV.<bucket>.<key>`,
 * header `KV-Operation` for deletes), so that `nats kv` shows it.
 * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
 */
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { failure, isSafeName, LIMITS, type Result, reasonOf, success } from '../contracts/index.ts';

export interface BucketOptions {
  readonly cluster: string;
  /** Letters, digits and `-`: no `_`, so that no two pairs of cluster and name give one bucket. */
  readonly name: string;
  /** Servers that keep a copy, 1 to 5; default 1. Of an odd number a minority may fail. */
  readonly replicas?: number;
}

export interface Bucket {
  readonly stream: string;
  /** What a key's subject begins with. */
  readonly subjectPrefix: string;
}

const HEAD_BYTES = 1_024;
const NAME_TAKEN = 10_058;
const NOT_FOUND = 10_059;

/** Opens the bucket, or makes it. Failures: ARGUMENT_INVALID, NATS_FAILED. */
export async function openBucket(
  jsm: JetStreamManager,
  options: BucketOptions,
): Promise<Result<Bucket>> {
  const { cluster, name, replicas = 1 } = options;
  if (!isSafeName(cluster) || cluster.includes('.'))
    return refuse('cluster', cluster, 'a name of letters, digits, "-" and "_"');
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
    return refuse('name', name, 'up to 64 letters, digits and "-"');
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 5)
    return refuse('replicas', String(replicas), '1 to 5');
  const bucket = `SKEIN_${cluster}_${name}`;
  const stream = `KV_${bucket}`;
  try {
    const { config } = await infoOrNew(jsm, configOf(bucket, replicas));
    const isOurs = config.max_msgs_per_subject === 1 && config.storage === StorageType.File;
    if (isOurs) return success({ stream, subjectPrefix: `$KV.${bucket}.` });
    return failure('NATS_FAILED', {
      reason: `bucket ${bucket} exists, but not with history 1 on files`,
    });
  } catch (thrown) {
    return failure('NATS_FAILED', { reason: `bucket ${bucket}: ${reasonOf(thrown)}` });
  }
}

/** Direct reads are off: a follower may answer them with what was overwritten long ago. */
const configOf = (bucket: string, replicas: number): Partial<StreamConfig> & { name: string } => ({
  name: `KV_${bucket}`,
  subjects: [`$KV.${bucket}.>`],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  num_replicas: replicas,
  max_msgs_per_subject: 1,
  max_msg_size: LIMITS.stateValueBytes + HEAD_BYTES,
  max_bytes: LIMITS.stateBytes,
  discard: DiscardPolicy.New,
  allow_rollup_hdrs: true,
  allow_direct: false,
  deny_delete: true,
});

async function infoOrNew(jsm: JetStreamManager, config: Partial<StreamConfig> & { name: string }) {
  try {
    return await jsm.streams.info(config.name);
  } catch (thrown) {
    if (!isApiError(thrown, NOT_FOUND)) throw thrown;
  }
  try {
    return await jsm.streams.add(config);
  } catch (thrown) {
    if (!isApiError(thrown, NAME_TAKEN)) throw thrown;
    return jsm.streams.info(config.name);
  }
}

const isApiError = (thrown: unknown, code: number): boolean =>
  thrown instanceof JetStreamApiError && thrown.code === code;

const refuse = (argument: string, found: string, expected: string): Result<never> =>
  failure('ARGUMENT_INVALID', { argument, found: found.slice(0, 100), expected });
