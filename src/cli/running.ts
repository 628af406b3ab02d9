/** What runs on a data directory, as its control endpoint says: a node, or a group of nodes in directories below it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ControlClient } from '../api/index.ts';
import type { NodeStatus } from '../runtime/index.ts';

export interface Running {
  readonly pid: number;
  /** Undefined: it is a group. */
  readonly status: NodeStatus | undefined;
  /** Of a group: node `n1` has its data in `<data>/nodes/n1`. */
  readonly nodeNames: readonly string[] | undefined;
  readonly cluster: string | undefined;
  readonly nats: string | undefined;
  readonly natsCredsFile: string | undefined;
  readonly natsCaFile: string | undefined;
}

/** A group says which nodes it has, and names its cluster and its NATS without more. */
interface GroupAnswer {
  readonly pid: number;
  readonly nodes: readonly { readonly name: string }[];
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
    const nodeNames = value.nodes.map(({ name }) => name);
    const seed = resolve(join(dataDir, 'nats/node.nk'));
    const natsCredsFile = existsSync(seed) ? seed : undefined;
    return {
      pid,
      status: undefined,
      nodeNames,
      cluster,
      nats,
      natsCredsFile,
      natsCaFile: undefined,
    };
  }
  const { pid, cluster } = value;
  return {
    pid,
    status: value,
    nodeNames: undefined,
    cluster: cluster?.name,
    nats: cluster?.nats,
    natsCredsFile: cluster?.natsCredsFile ?? undefined,
    natsCaFile: cluster?.natsCaFile ?? undefined,
  };
}

/** What to say of a directory on which a group runs: what a node is asked, each of its nodes has to be asked. */
export const askEachNode = (names: readonly string[], dataDir: string, command: string): string =>
  `a group runs here; of its nodes this tells nothing. Ask each: ${names
    .map((name) => `skein --data ${join(dataDir, 'nodes', name)} ${command}`)
    .join('; ')}`;
