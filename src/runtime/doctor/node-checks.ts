/** What the running node says of itself; of the sandbox also without one, by starting a host. */
import { realProcesses } from '../../host/index.ts';
import { type SandboxLevel, startSandbox } from '../../sandbox/index.ts';
import { type Check, type Finding, fail, NO_CLUSTER, ok, skipped, warn } from './check.ts';

const RECENT_MS = 10 * 60_000;

export const sandboxCheck: Check = {
  layer: 'sandbox',
  needs: [],
  look: async ({ status, ports }) => {
    if (status) {
      const [first] = status.sandboxes;
      if (status.threads.length > status.sandboxes.length || !first)
        return fail(
          `${status.sandboxes.length} of ${status.threads.length} threads have a sandbox`,
          'Look at the node’s log for why host processes do not start.',
        );
      return judgeLevel(first.level);
    }
    const sandbox = await startSandbox({ ports, processes: realProcesses, warmHosts: 0 });
    if (!sandbox.ok)
      return fail(
        `no host process starts: ${sandbox.error.message}`,
        'Install isolated-vm for this Node (npm rebuild isolated-vm), and let node start processes.',
      );
    await sandbox.value.close();
    return judgeLevel(sandbox.value.level);
  },
};

function judgeLevel(level: SandboxLevel): Finding {
  const { isolatedVm, permissions, missing } = level;
  if (!permissions)
    return fail(
      'host processes run without Node’s permission model',
      'Use a Node whose permission model can drop what it had: 26 does.',
    );
  const reached = `sandboxes of isolated-vm ${isolatedVm} in ${enclosureOf(level)}`;
  const [first] = missing;
  if (first)
    return warn(
      `${reached}, without ${missing.map(({ layer }) => layer).join(', ')}`,
      `For ${first.layer}: ${first.how}`,
    );
  return ok(`${reached}, every layer in force`);
}

const enclosureOf = ({ enclosure, namespaces }: SandboxLevel): string =>
  enclosure === 'none' ? 'processes' : `${enclosure} (${namespaces.join(', ')})`;

export const slowConsumerCheck: Check = {
  layer: 'slow consumer',
  needs: [],
  look: async ({ access, status, ports: { clock } }) => {
    if (!access) return skipped(NO_CLUSTER);
    const slow = status?.cluster?.slowConsumers;
    if (!slow)
      return skipped('the server counts them: it is not this node’s own (slow_consumers in /varz)');
    if (slow.lastAtMs === null) return ok('none was cut off');
    const agoMs = clock.wallMs() - slow.lastAtMs;
    const found = `${slow.count} slow consumers were cut off, the last ${Math.round(agoMs / 1_000)} s ago`;
    const advice =
      'Find the node whose thread is busy or whose way is narrow (its load in `skein status`); it lost what it had not read.';
    return agoMs < RECENT_MS ? fail(found, advice) : warn(found, advice);
  },
};

export const runningNodeCheck: Check = {
  layer: 'running node',
  needs: [],
  look: async ({ status, dataDir }) => {
    if (!status) return skipped(`none runs on ${dataDir}`);
    const { node, pid, cluster, deadLetters, supervision } = status;
    if (cluster && !cluster.isConnected)
      return fail(`${node} has lost its way to NATS`, 'See the layers above, from the server on.');
    const restarts = supervision?.totalRestarts ?? 0;
    if (restarts > 0 || deadLetters > 0)
      return warn(
        `${node} runs (process ${pid}) after ${restarts} thread restarts, with ${deadLetters} dead letters`,
        'Look at `skein status` and the node’s log for what failed.',
      );
    return ok(`${node} runs (process ${pid}), ${status.threads.length} threads`);
  },
};
