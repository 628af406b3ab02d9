/** One side of Skein in the benchmarks between processes: an actor system that has joined a cluster. */
import type { NodeId } from '../../../src/contracts/index.ts';
import { realPorts, realStreams } from '../../../src/host/index.ts';
import { ActorSystem } from '../../../src/kernel/index.ts';
import { type Joined, joinCluster } from '../../../src/supervisor/index.ts';
import { quietLog } from '../../runtimes/skein.ts';

export interface BenchMember extends Joined {
  readonly system: ActorSystem;
}

export async function joinedSystem(
  name: string,
  natsUrl: string,
  isDirect: boolean,
): Promise<BenchMember> {
  const system = new ActorSystem({ node: name as NodeId, ports: realPorts, log: quietLog });
  const joined = await joinCluster(
    system,
    { name: 'bench', natsUrl, isDirect },
    { streams: realStreams },
  );
  if (!joined.ok) throw new Error(joined.error.message);
  return { system, ...joined.value };
}
