/** What runs on a data directory, as its control endpoint says: a node, or a group of nodes in directories below it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ControlClient } from '../api/index.ts';
import type { NodeStatus } from '../runtime/index.ts';

export interface Running {
  readonly pid: number;
  /** Undefined: it is a group. */
  readonly status: NodeStatus | undefined;
  readonly cluster: string | undefined;
  readonly nats: string | undefined;
  readonly natsCredsFile: string | undefined;
  readonly natsCaFile: string | undefined;
}

/** A group says which nodes it has, and names its cluster and its NATS without more. */
interface GroupAnswer {
  readonly pid: number;
  readonly nodes: readonly unknown[];
  readonly cluster: string;
  readonly nats: string;
}

/** Undefined: nothing answers there. */
export async function whatRuns(dataDir: string): Promise<Running | undefined> {
  const answer = await new ControlClient(dataDir).get<NodeStatus | GroupAnswer>('/v1/status');
  if (!answer.ok) return undefined;
  const { value } = answer;
  if ('nodes' in value) {
    const { pid, cluster, nats } = value;
    const seed = resolve(join(dataDir, 'nats/node.nk'));
    const natsCredsFile = existsSync(seed) ? seed : undefined;
    return { pid, status: undefined, cluster, nats, natsCredsFile, natsCaFile: undefined };
  }
  const { pid, cluster } = value;
  return {
    pid,
    status: value,
    cluster: cluster?.name,
    nats: cluster?.nats,
    natsCredsFile: cluster?.natsCredsFile ?? undefined,
    natsCaFile: cluster?.natsCaFile ?? undefined,
  };
}
