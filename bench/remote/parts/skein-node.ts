/** One side of Skein in the benchmarks between processes: an actor system that has joined a cluster. */
import { createHash } from 'node:crypto';
import type { NodeId } from '../../../src/contracts/index.ts';
import { realPorts, realStreams } from '../../../src/host/index.ts';
import { ActorSystem } from '../../../src/kernel/index.ts';
import { type Joined, joinCluster } from '../../../src/supervisor/index.ts';
import { nodeKeyOf } from '../../../src/transport/index.ts';
import { quietLog } from '../../runtimes/skein.ts';

export interface BenchMember extends Joined {
  readonly system: ActorSystem;
}

const seedOf = (name: string): Buffer => createHash('sha256').update(name).digest();

/** The ID of the member that `joinedSystem` makes under this name. */
export const memberId = (name: string): NodeId => nodeKeyOf(seedOf(name)).id;

export async function joinedSystem(
  name: string,
  natsUrl: string,
  isDirect: boolean,
): Promise<BenchMember> {
  const keySeed = seedOf(name);
  const node = nodeKeyOf(keySeed).id;
  const system = new ActorSystem({ node, ports: realPorts, log: quietLog });
  const joined = await joinCluster(
    system,
    { name: 'bench', natsUrl, isDirect, keySeed, life: 1 },
    { streams: realStreams },
  );
  if (!joined.ok) throw new Error(joined.error.message);
  return { system, ...joined.value };
}
