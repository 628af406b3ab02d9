/** The life of a worker thread: an actor system, linked to its peers, until the main thread says that it is time to go. */
import { assertNever } from '../contracts/index.ts';
import type { ThreadMain } from '../host/index.ts';
import { ActorSystem } from '../kernel/index.ts';
import { createLog, startTracing } from '../telemetry/index.ts';
import { onControl, postControl, type ThreadBoot, type ToThread } from './thread-control.ts';

const main: ThreadMain = async ({ boot, ports, control, onPeer }) => {
  const { node, thread, epoch, log } = boot as ThreadBoot;
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
      case 'count':
        return postControl(control, { kind: 'counted', id: message.id, counts: system.counts() });
      case 'shut-down':
        return void system.shutdown({ drainMs: message.drainMs });
      default:
        assertNever(message, 'control message');
    }
  });
  postControl(control, { kind: 'ready' });
  await system.terminated;
  tracing.stop();
};

export default main;
