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
  let isCaughtUp = false;
  let isOver = false;
  const caughtUp = (): void => {
    if (isCaughtUp || isOver) return;
    isCaughtUp = true;
    onCaughtUp();
  };
  const messages = await consumer.consume({
    callback: (message) => {
      if (isOver) return;
      if (message.info.deliverySequence !== ++delivered) return end('something was missed');
      onMessage(message);
      if (delivered >= pendingAtStart || message.info.pending === 0) caughtUp();
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
  /** When keys were removed while they were on their way, fewer come than were announced. */
  const lookWhetherDone = async (): Promise<void> => {
    const info = await jsm.consumers.info(stream, name);
    if (info.num_pending === 0 && info.delivered.consumer_seq === delivered) caughtUp();
  };
  const watchStatus = async (): Promise<void> => {
    for await (const status of messages.status()) {
      if (status.type === 'heartbeats_missed') end('heartbeats did not come');
      else if (status.type === 'consumer_deleted') end('the server ended it');
      else if (status.type !== 'heartbeat') continue;
      else if (status.lastConsumerSequence > delivered) end('something was missed');
      else if (!isCaughtUp) await lookWhetherDone();
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
