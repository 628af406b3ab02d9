/** The life of a worker thread: an actor system, linked to its peers, until the main thread says that it is time to go. */
import { assertNever, type Streams } from '../contracts/index.ts';
import type { ThreadMain } from '../host/index.ts';
import { ActorSystem } from '../kernel/index.ts';
import { createLog, startTracing } from '../telemetry/index.ts';
import { type ClusterOptions, type Joined, joinCluster } from './join-cluster.ts';
import { onControl, postControl, type ThreadBoot, type ToThread } from './thread-control.ts';

const JOIN_MS = 2_000;

const main: ThreadMain = async ({ boot, ports, streams, control, onPeer }) => {
  const { node, thread, epoch, log, cluster } = boot as ThreadBoot;
  const bindings = { node, thread };
  const tracing = startTracing({
    thread,
    ...ports,
    onSpans: (spans) => postControl(control, { kind: 'spans', spans }),
  });
  const system = new ActorSystem({
    node,
    thread,
    epoch,
    ports,
    log: createLog({ ...log, clock: ports.clock, bindings }),
  });
  onPeer((peer, port) => system.remote.connect(peer as typeof thread, port));
  onControl<ToThread>(control, (message) => {
    switch (message.kind) {
      case 'thread-lost':
        return system.threadLost(message.thread, message.reason, message.text);
      case 'flush-spans':
        tracing.flush();
        return postControl(control, { kind: 'spans-flushed', id: message.id });
      case 'report': {
        const report = { counts: system.counts(), peers: joined?.peers() ?? [] };
        return postControl(control, { kind: 'report', id: message.id, report });
      }
      case 'shut-down':
        return void system.shutdown({ drainMs: message.drainMs });
      default:
        assertNever(message, 'control message');
    }
  });
  const joining = cluster ? join(system, cluster, streams) : Promise.resolve(undefined);
  // A thread that comes back while NATS is away does its work at home until then.
  const inTime = new Promise<undefined>((resolve) =>
    ports.timers.after(JOIN_MS, () => resolve(undefined)),
  );
  let joined = await Promise.race([joining, inTime]);
  void joining.then((late) => {
    joined = late;
  });
  postControl(control, { kind: 'ready' });
  await system.terminated;
  await joined?.close();
  tracing.stop();
};

async function join(
  system: ActorSystem,
  cluster: ClusterOptions,
  streams: Streams,
): Promise<Joined | undefined> {
  const joined = await joinCluster(system, cluster, { streams, isPatient: true });
  if (joined.ok) return joined.value;
  system.log.error('the thread is not in the cluster', { error: joined.error });
  return undefined;
}

export default main;
