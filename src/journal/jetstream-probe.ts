/** Tries JetStream out in a bucket of its own, which is removed again: a key is made, compared-and-set, refused and read. */
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { type Clock, failure, type Result, reasonOf, success } from '../contracts/index.ts';
import type { Nats } from '../transport/index.ts';

export interface JetStreamProbe {
  readonly nats: Nats;
  readonly cluster: string;
  /** Sets this bucket apart from those of others who try at the same time. */
  readonly tag: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

export interface JetStreamProbed {
  /** The server's clock less this machine's; positive: the server is ahead. */
  readonly skewMs: number;
  /** The skew is known to within this. */
  readonly uncertaintyMs: number;
  readonly roundTripMs: number;
}

const BUCKET_BYTES = 64 * 1024;
const TRIES = 5;

/** Failure: NATS_FAILED, with what did not work. */
export async function probeJetStream(probe: JetStreamProbe): Promise<Result<JetStreamProbed>> {
  const { nats, cluster, tag, clock, timeoutMs = 3_000 } = probe;
  const stream = `KV_SKEIN_${cluster}_doctor-${tag}`;
  const subject = `$KV.SKEIN_${cluster}_doctor-${tag}.key`;
  let step = 'JetStream';
  try {
    const js = jetstream(nats.connection, { timeout: timeoutMs });
    const jsm = await jetstreamManager(nats.connection, { timeout: timeoutMs, checkAPI: false });
    await jsm.getAccountInfo();
    step = 'making a bucket';
    await jsm.streams.add({
      name: stream,
      subjects: [`$KV.SKEIN_${cluster}_doctor-${tag}.>`],
      storage: StorageType.File,
      max_msgs_per_subject: 1,
      max_bytes: BUCKET_BYTES,
    });
    try {
      step = 'compare-and-set';
      const put = async (expected: number): Promise<number> => {
        const head = headers();
        head.set('Nats-Expected-Last-Subject-Sequence', String(expected));
        return (await js.publish(subject, 'probe', { headers: head })).seq;
      };
      let best: JetStreamProbed | undefined;
      let last = 0;
      for (let each = 0; each < TRIES; each++) {
        const sentAtMs = clock.wallMs();
        last = await put(last);
        const answeredAtMs = clock.wallMs();
        const stored = await jsm.streams.getMessage(stream, { last_by_subj: subject });
        if (stored?.seq !== last) return refuse('what was written last is not what is read');
        const measured = measure(sentAtMs, answeredAtMs, stored.time.getTime());
        if (!best || measured.roundTripMs < best.roundTripMs) best = measured;
      }
      const isStaleTaken = await put(last - 1).then(
        () => true,
        () => false,
      );
      if (isStaleTaken || !best) return refuse('a write over an outdated revision was taken');
      return success(best);
    } finally {
      await jsm.streams.delete(stream).catch(() => undefined);
    }
  } catch (thrown) {
    return refuse(`${step}: ${reasonOf(thrown)}`);
  }
}

const refuse = (reason: string) => failure('NATS_FAILED', { reason });

/** Cristian's algorithm (1989): the server stamped between sending and answer, so half the round trip bounds the error. */
function measure(sentAtMs: number, answeredAtMs: number, stampedAtMs: number): JetStreamProbed {
  const roundTripMs = answeredAtMs - sentAtMs;
  return {
    skewMs: stampedAtMs - (sentAtMs + answeredAtMs) / 2,
    // The stamp has whole milliseconds once it is a Date.
    uncertaintyMs: roundTripMs / 2 + 1,
    roundTripMs,
  };
}
