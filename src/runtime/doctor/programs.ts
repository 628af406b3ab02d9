/** The programs a node needs: Node itself, with nothing switched off, and nats-server. */
import { findProgram } from '../../host/index.ts';
import { type Check, fail, ok, skipped, warn } from './check.ts';

const NODE_MAJOR_MIN = 24;

export const nodeVersionCheck: Check = {
  layer: 'node version',
  needs: [],
  look: async () => {
    const { versions, permission } = process;
    const major = Number(versions.node.split('.')[0]);
    if (major < NODE_MAJOR_MIN)
      return fail(
        `Node ${versions.node} is older than ${NODE_MAJOR_MIN}`,
        `Install Node ${NODE_MAJOR_MIN} or later.`,
      );
    const denied = ['child', 'worker', 'addons'].filter(
      (scope) => permission && !permission.has(scope),
    );
    if (denied.length > 0)
      return fail(
        `Node ${versions.node} runs under --permission without ${denied.join(', ')}`,
        'Start it without --permission: sandboxes have their own, and need processes, threads and an addon.',
      );
    const flags = process.execArgv.filter((flag) => !flag.startsWith('--disable-warning'));
    return ok(`Node ${versions.node}${flags.length > 0 ? ` with ${flags.join(' ')}` : ''}`);
  },
};

export const programCheck: Check = {
  layer: 'nats-server program',
  needs: [],
  look: async ({ access }) => {
    const wanted = { program: 'nats-server', debianPackage: 'nats-server', isFetched: false };
    const found = await findProgram(wanted);
    if (found.ok) return ok(found.value);
    if (access) return skipped('not on this machine; the cluster has its own');
    return warn(
      'nats-server is not on this machine: a cluster without --nats would fetch it first',
      'Install it (apt-get install nats-server), or name one that runs with --nats.',
    );
  },
};
