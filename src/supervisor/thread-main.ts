/** What runs on a real worker thread: its life, with the node's logs, traces and connection to NATS. */
import type { ThreadMain } from '../host/index.ts';
import { createLog, startTracing } from '../telemetry/index.ts';
import { joinCluster } from './join-cluster.ts';
import { postControl, type ThreadBoot } from './thread-control.ts';
import { liveThread } from './thread-life.ts';

const main: ThreadMain = (start) => {
  const { ports, streams, control } = start;
  const { node, thread, log: logging, cluster } = start.boot as ThreadBoot;
  const bindings = { node, thread };
  const log = createLog({ ...logging, clock: ports.clock, bindings });
  const tracing = startTracing({
    thread,
    ...ports,
    onSpans: (spans) => postControl(control, { kind: 'spans', spans }),
  });
  return liveThread(start, {
    log,
    tracing,
    join: async (system) => {
      if (!cluster) return undefined;
      const joined = await joinCluster(system, cluster, { streams, isPatient: true });
      if (joined.ok) return joined.value;
      log.error('the thread is not in the cluster', { error: joined.error });
      return undefined;
    },
  });
};

export default main;
