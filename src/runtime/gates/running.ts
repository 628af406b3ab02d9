/** Gates for a node that runs. */
import type { NodeStatus } from '../skein-node.ts';
import { fail, type Gate, type GateResult, type GateWorld, pass, skip } from './gate.ts';

/** A host that was just leased is replaced within this. */
const WARM_MS = 5_000;
const LOOK_MS = 250;
const NO_NODE = 'no node runs here';
const NO_CLUSTER = 'the node is in no cluster';

/** `look` without a running node is skipped. */
const running = (
  id: string,
  look: (status: NodeStatus, world: GateWorld) => GateResult | Promise<GateResult>,
): Gate => ({
  id,
  look: async (world) => {
    const status = await world.status();
    return status ? look(status, world) : skip(NO_NODE);
  },
});

export const nodeGate = running('node', ({ node, pid, readiness: { isReady, reasons } }) =>
  isReady
    ? pass(`${node} is ready (process ${pid})`)
    : fail(
        `${node} answers (process ${pid}) and is not ready: ${reasons.join(', ')}`,
        'Wait for what is away, or `skein drain --undo`.',
      ),
);

/** The keeper of its sandboxes answers from each thread that is alive. */
export const threadsGate = running('threads', ({ threads, sandboxes }) => {
  const answered = new Set(sandboxes.map(({ thread }) => thread));
  const silent = threads.map(({ name }) => name).filter((name) => !answered.has(name));
  if (silent.length === 0) return pass(`${threads.length} threads answer`);
  return fail(
    `threads ${silent.join(', ')} do not answer`,
    'Look at the node’s log: a thread that cannot start says why.',
  );
});

export const sandboxesGate = running('sandboxes', async (first, world) => {
  const { clock, timers } = world.ports;
  const endMs = clock.monotonicMs() + WARM_MS;
  for (let status: NodeStatus | undefined = first; status; status = await world.status()) {
    const cold = status.sandboxes.filter(({ warm }) => warm === 0).map(({ thread }) => thread);
    if (cold.length === 0) return pass('a warm host on each thread');
    if (clock.monotonicMs() > endMs)
      return fail(
        `no warm host on ${cold.join(', ')}`,
        'Look at the node’s log for why host processes do not start; memory may be short.',
      );
    await new Promise<void>((resolve) => timers.after(LOOK_MS, resolve));
  }
  return skip(NO_NODE);
});

export const natsGate = running('nats', ({ cluster }) => {
  if (!cluster) return skip(NO_CLUSTER);
  if (cluster.isConnected) return pass(`connected to ${cluster.nats}`);
  return fail(`no connection to ${cluster.nats}`, '`skein doctor` says which layer fails.');
});

export const membersGate = running('members', ({ cluster }) => {
  if (!cluster) return skip(NO_CLUSTER);
  const doubted = cluster.members.filter(({ status }) => status !== 'alive');
  if (doubted.length === 0) return pass(`${cluster.members.length} members, all alive`);
  return fail(
    `of ${cluster.members.length} members ${doubted.map(({ node }) => node).join(', ')} may be gone`,
    'See whether these nodes run, and whether the way to them is overloaded.',
  );
});

export const refusedPacketsGate = running('refused-packets', ({ cluster }) => {
  if (!cluster) return skip(NO_CLUSTER);
  const refused = Object.entries(cluster.refused);
  if (refused.length === 0) return pass('none');
  return fail(
    refused.map(([reason, count]) => `${count} ${reason}`).join(', '),
    'Somebody speaks on the cluster’s subjects who should not, or in another version: the node’s log names the senders.',
  );
});

export const deadLettersGate = running('dead-letters', ({ deadLetters }, { deadLettersMax }) => {
  if (deadLetters <= deadLettersMax) return pass(`${deadLetters}, ${deadLettersMax} at most`);
  return fail(
    `${deadLetters}, over ${deadLettersMax}`,
    'Look at what was not delivered: the node’s log and traces name sender and type.',
  );
});
