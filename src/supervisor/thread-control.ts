/** What a node's main thread and its worker threads say to each other beside messages of actors: a closed union each way. */
import { pack, unpack } from 'msgpackr';
import type { ExitReason, FramePort, NodeId, ThreadName } from '../contracts/index.ts';
import type { SystemCounts } from '../kernel/index.ts';
import type { LogLevel, SpanRecord } from '../telemetry/index.ts';
import type { PeerStatus, RefusalCounts } from '../transport/index.ts';
import type { ClusterOptions } from './join-cluster.ts';

/** What a thread is started with. */
export interface ThreadBoot {
  readonly node: NodeId;
  readonly thread: ThreadName;
  readonly epoch: number;
  readonly wireVersion: number;
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
  readonly cluster: ClusterOptions | null;
}

/** What a thread says of itself when it is asked. */
export interface ThreadReport {
  readonly counts: SystemCounts;
  readonly peers: readonly PeerStatus[];
  /** Packets from the bus, by the reason. */
  readonly refused: RefusalCounts;
}

export type ToThread =
  | {
      readonly kind: 'thread-lost';
      readonly thread: ThreadName;
      readonly reason: ExitReason & { readonly kind: 'thread' };
      readonly text: string;
    }
  | { readonly kind: 'flush-spans' | 'report'; readonly id: number }
  | { readonly kind: 'shut-down'; readonly drainMs: number };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'spans'; readonly spans: readonly SpanRecord[] }
  | { readonly kind: 'spans-flushed'; readonly id: number }
  | { readonly kind: 'report'; readonly id: number; readonly report: ThreadReport };

export const postControl = (port: FramePort, message: ToThread | FromThread): void =>
  port.post(new Uint8Array(pack(message)));

export const onControl = <M extends ToThread | FromThread>(
  port: FramePort,
  receive: (message: M) => void,
): void => port.onFrame((frame) => receive(unpack(frame) as M));
