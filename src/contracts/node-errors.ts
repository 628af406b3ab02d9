/** Errors of nodes and of the programs that they need. */
import { cannotStart, nodeAway, row } from './error-row.ts';

export const NODE_ERRORS = {
  NODE_UNREACHABLE: nodeAway<{ endpoint: string; reason: string }>(
    (d) => `no node answers at ${d.endpoint}: ${d.reason}`,
    'Start one with `skein up`, or point --data at the data directory of a running node.',
  ),
  NODE_RUNNING: row(
    'node',
    409,
    2,
    'final',
  )<{ dataDir: string; pid: number }>(
    (d) =>
      d.pid === 0
        ? `a node or its nats-server still uses ${d.dataDir}`
        : `a node with process ID ${d.pid} already uses ${d.dataDir}`,
    'Use that node, stop it, or choose another --data directory.',
  ),
  NODE_KEY_UNUSABLE: cannotStart<{ file: string; reason: string }>(
    (d) => `the node's key in ${d.file} cannot be used: ${d.reason}`,
    'Let its owner alone read it (chmod 600). A damaged one comes back from a backup; without one move it away, and the node gets a new key and with it a new ID.',
  ),
  PORT_UNAVAILABLE: cannotStart<{ host: string; port: number; reason: string }>(
    (d) => `cannot listen on ${d.host}:${d.port}: ${d.reason}`,
    'Choose another port, 0 for any free one, or stop what listens there.',
  ),
  PROGRAM_MISSING: cannotStart<{ program: string; package: string; reason: string }>(
    (d) =>
      `${d.program} is not on PATH and could not be fetched (${d.reason}); install it: apt-get install ${d.package}`,
    'Install the program with the command in the message, or name one that runs elsewhere.',
  ),
  NATS_FAILED: nodeAway<{ reason: string; layer?: 'server' | 'tls' | 'credentials' }>(
    (d) => `NATS cannot be used: ${d.reason}`,
    'See that nats-server runs and that URL, credentials and max_payload are right; `skein doctor` says which is not.',
  ),
  NATS_CREDENTIALS_UNUSABLE: cannotStart<{ file: string; reason: string }>(
    (d) => `the credentials for NATS in ${d.file} cannot be used: ${d.reason}`,
    'Name a .creds file or one with the seed of a user’s nkey with --nats-creds; the seed of a server that Skein started is in nats/node.nk of its data directory, and its owner alone may read it.',
  ),
  NODE_START_FAILED: row(
    'node',
    500,
    1,
    'final',
  )<{ node: string; reason: string }>(
    (d) => `node ${d.node} did not get ready: ${d.reason}`,
    'Read what the node wrote to stderr, correct its settings and start it again.',
  ),
  NODE_DRAINING: row(
    'node',
    503,
    1,
    'retryable',
  )<{ node: string }>(
    (d) => `node ${d.node} takes no new work: it is being drained`,
    'Ask another node of the cluster, or this one again after its redeploy.',
  ),
  DRAIN_TIMEOUT: row(
    'node',
    504,
    1,
    'retryable',
  )<{ node: string; timeoutMs: number; activeRuns: number }>(
    (d) => `node ${d.node} is not drained after ${d.timeoutMs} ms: ${d.activeRuns} runs are active`,
    'Give it more time with --timeout. Until then it takes no new runs; `skein drain --undo` lets it.',
  ),
  REDEPLOY_FAILED: row(
    'node',
    500,
    1,
    'final',
  )<{ node: string; reason: string; isBack: boolean }>(
    (d) =>
      `node ${d.node} could not be replaced: ${d.reason}; ${d.isBack ? 'it runs with its previous settings' : 'it is down'}`,
    'The nodes after it were left alone. Correct the cause and redeploy again.',
  ),
  WIRE_VERSION_MISMATCH: row(
    'node',
    503,
    1,
    'final',
  )<{ peer: string; ours: string; theirs: string }>(
    (d) => `${d.peer} speaks version ${d.theirs} of the wire, this node ${d.ours}: none in common`,
    'Bring the older of the two up to date; nodes of adjacent versions work together, so update one at a time.',
  ),
  HALTED: row(
    'node',
    503,
    1,
    'final',
  )<{ order: string; scope: string; reason: string; by: string; atMs: number }>(
    (d) =>
      `${d.scope} is halted by order ${d.order} of ${d.by} at ${new Date(d.atMs).toISOString()}: ${d.reason}`,
    'It works again after `skein halt --release ID`; an order named `lease` ends by itself once the node hears from its cluster.',
  ),
  OVERLOADED: row(
    'node',
    429,
    1,
    'retryable',
  )<{ reason: string }>(
    (d) => `the node takes no more work now: ${d.reason}`,
    'Wait and try again.',
  ),
  INTERNAL: row(
    'node',
    500,
    1,
    'final',
  )<{ reason: string }>(
    (d) => `a defect of Skein: ${d.reason}`,
    'Please report it with the correlation ID.',
  ),
} as const;
