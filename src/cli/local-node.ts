/** A node in the command's own process: started with progress, ended by the first Ctrl-C in order, by the second at once. */
import { ControlClient } from '../api/index.ts';
import { describeExit, failure, type Result } from '../contracts/index.ts';
import { type NodeOptions, type NodeStatus, type SkeinNode, startNode } from '../runtime/index.ts';

export interface LocalNodeOptions extends NodeOptions {
  /** Ctrl-C is how this command is meant to end: the command itself goes on after the node has closed. */
  readonly endsByInterrupt?: boolean;
  /** A terminal's Ctrl-C meets the whole group: the supervisor alone acts on it. */
  readonly isSupervised?: boolean;
}

export async function startLocalNode(options: LocalNodeOptions): Promise<Result<SkeinNode>> {
  let node: SkeinNode | undefined;
  let interrupts = 0;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    interrupts++;
    const code = signal === 'SIGINT' ? 130 : 143;
    // Sandbox hosts die with the pipe to this process, so leaving at once leaves nothing behind.
    if (interrupts > 1 || !node) process.exit(code);
    process.stderr.write('stopping; once more to stop at once\n');
    const closed = node.close();
    if (!options.endsByInterrupt) void closed.then(() => process.exit(code));
  };
  process.on('SIGINT', () => {
    if (!options.isSupervised) stop('SIGINT');
  });
  process.on('SIGTERM', () => stop('SIGTERM'));
  const running = await new ControlClient(options.dataDir).get<NodeStatus>('/v1/status');
  if (running.ok)
    return failure('NODE_RUNNING', { dataDir: options.dataDir, pid: running.value.pid });
  const started = await startNode(options);
  if (!started.ok) return started;
  node = started.value;
  void node.ended.then(({ reason }) => {
    if (reason.kind === 'shutdown') return;
    process.stderr.write(`the node ended: ${describeExit(reason)}\n`);
    process.exit(1);
  });
  return started;
}
