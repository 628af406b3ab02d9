/** The life of a worker thread: an actor system, linked to its peers, until the main thread says that it is time to go. */
import { assertNever, type Log } from '../contracts/index.ts';
import type { ThreadStart } from '../host/index.ts';
import { ActorSystem } from '../kernel/index.ts';
import type { Tracing } from '../telemetry/index.ts';
import type { Joined } from './join-cluster.ts';
import { onControl, postControl, type ThreadBoot, type ToThread } from './thread-control.ts';

/** What a thread gets beside its ports. */
export interface ThreadMeans {
  readonly log: Log;
  readonly tracing: Tracing;
  /** The thread's way into the cluster; undefined when it stays out. */
  readonly join: (system: ActorSystem) => Promise<Joined | undefined>;
}

const JOIN_MS = 2_000;

export async function liveThread(
  { boot, ports, control, onPeer }: ThreadStart,
  { log, tracing, join }: ThreadMeans,
): Promise<void> {
  const { node, thread, epoch } = boot as ThreadBoot;
  const system = new ActorSystem({ node, thread, epoch, ports, log });
  onPeer((peer, port) => system.remote.connect(peer as typeof thread, port));
  onControl<ToThread>(control, (message) => {
    switch (message.kind) {
      case 'thread-lost':
        return system.threadLost(message.thread, message.reason, message.text);
      case 'flush-spans':
        tracing.flush();
        return postControl(control, { kind: 'spans-flushed', id: message.id });
      case 'report': {
        const report = {
          counts: system.counts(),
          peers: joined?.peers() ?? [],
          refused: joined?.refused() ?? {},
        };
        return postControl(control, { kind: 'report', id: message.id, report });
      }
      case 'shut-down':
        return void system.shutdown({ drainMs: message.drainMs });
      default:
        assertNever(message, 'control message');
    }
  });
  const joining = join(system);
  // A thread that comes back while NATS is away does its work at home until then.
  const { promise: inTime, resolve: late } = Promise.withResolvers<undefined>();
  const patience = ports.timers.after(JOIN_MS, () => late(undefined));
  let joined = await Promise.race([joining, inTime]);
  patience.cancel();
  void joining.then((way) => {
    joined = way;
  });
  postControl(control, { kind: 'ready' });
  await system.terminated;
  await joined?.close();
  tracing.stop();
}
