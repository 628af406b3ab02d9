/**
 * Follows a bucket: the last write of each key first, then what comes, in the order of the stream. It ends, and says so, as soon
 * as anything may have been missed: a gap in the numbers, heartbeats that did not come, a connection that is gone.
 */
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { createInbox, nanos } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/index.ts';
import type { Nats } from '../transport/index.ts';

export interface BucketConnection {
  readonly nats: Nats;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

export interface FollowOptions {
  readonly stream: string;
  readonly filter: string;
  readonly isKeysOnly?: boolean;
  readonly onMessage: (message: JsMsg) => void;
  /** All that was there at the beginning has come. */
  readonly onCaughtUp: () => void;
  /** Nothing more comes; called once, but not after `stop`. */
  readonly onEnd: (reason: string) => void;
}

/** The client gives up after two heartbeats that did not come. The library's own watches send one in 30 s. */
const HEARTBEAT_MS = 1_000;
/** The server forgets a consumer whose reader is gone for this long. */
const INACTIVE_MS = 10_000;

/** Begins once the server has agreed. Rejects with what client or server said. @returns a function that stops it */
export async function followBucket(
  { nats, js, jsm }: BucketConnection,
  options: FollowOptions,
): Promise<() => void> {
  const { stream, filter, onMessage, onCaughtUp, onEnd } = options;
  const { name, num_pending: pendingAtStart } = await jsm.consumers.add(stream, {
    deliver_subject: createInbox(),
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subject: filter,
    ack_policy: AckPolicy.None,
    headers_only: options.isKeysOnly ?? false,
    flow_control: true,
    idle_heartbeat: nanos(HEARTBEAT_MS),
    inactive_threshold: nanos(INACTIVE_MS),
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
  });
  const consumer = await js.consumers.getPushConsumer(stream, name);
  let delivered = 0;
  let last = 0;
  let isCaughtUp = false;
  let isOver = false;
  const caughtUp = (): void => {
    if (isCaughtUp || isOver) return;
    isCaughtUp = true;
    onCaughtUp();
  };
  /** In place of a write that was overwritten before its turn the server sends the one after it, and that again in its turn. */
  const take = (message: JsMsg): void => {
    if (message.seq < last) return end('the order was not kept');
    const isRepeated = message.seq === last;
    last = message.seq;
    if (!isRepeated) onMessage(message);
    if (delivered === pendingAtStart) caughtUp();
  };
  const messages = await consumer.consume({
    callback: (message) => {
      if (isOver) return;
      if (message.info.deliverySequence === ++delivered) take(message);
      else end('something was missed');
    },
  });
  const stop = (): void => {
    isOver = true;
    forgetLost();
    messages.stop();
    if (nats.isConnected()) jsm.consumers.delete(stream, name).catch(() => undefined);
  };
  const end = (reason: string): void => {
    if (isOver) return;
    stop();
    onEnd(reason);
  };
  const forgetLost = nats.onLost(() => end('the connection is gone'));
  const watchStatus = async (): Promise<void> => {
    let idleAt = -1;
    for await (const status of messages.status()) {
      if (status.type === 'heartbeats_missed') end('heartbeats did not come');
      else if (status.type === 'consumer_deleted') end('the server ended it');
      else if (status.type !== 'heartbeat') continue;
      else if (status.lastConsumerSequence > delivered) end('something was missed');
      // Of keys that were purged meanwhile fewer come than were announced.
      else if (idleAt === delivered) caughtUp();
      else idleAt = delivered;
    }
  };
  watchStatus().catch((thrown: unknown) => end(reasonOf(thrown)));
  messages.closed().then(
    () => end('the connection was closed'),
    (thrown: unknown) => end(reasonOf(thrown)),
  );
  if (pendingAtStart === 0) caughtUp();
  if (!nats.isConnected()) end('the connection is gone');
  return stop;
}
