/** One question to the running node or, where none runs, to one started on the data directory for just that. */
import { ControlClient } from '../api/index.ts';
import type { Result } from '../contracts/index.ts';
import type { SkeinNode } from '../runtime/index.ts';
import { startLocalNode } from './local-node.ts';

export async function askNode<T>(
  dataDir: string,
  { path, body }: { readonly path: string; readonly body: object },
  alone: (node: SkeinNode) => Promise<Result<T>>,
): Promise<Result<T>> {
  const remote = await new ControlClient(dataDir).post<T>(path, body);
  if (remote.ok || remote.error.code !== 'NODE_UNREACHABLE') return remote;
  const node = await startLocalNode({ dataDir, threads: 1 });
  if (!node.ok) return node;
  const answer = await alone(node.value);
  await node.value.close();
  return answer;
}
