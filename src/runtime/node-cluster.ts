/** A node's part in its cluster: entered once its threads run, left before they end. */
import type { MemberReport } from '../cluster/index.ts';
import { type Result, success } from '../contracts/index.ts';
import { realStreams } from '../host/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import { type Joined, joinCluster, type ThreadGroup } from '../supervisor/index.ts';
import { type NodeMembers, type NodeMembersOptions, startMembers } from './node-members.ts';
import { type Cluster, type ClusterStatus, statusOf } from './open-cluster.ts';

export interface NodeClusterParts
  extends Pick<NodeMembersOptions, 'labels' | 'logging' | 'activeRuns' | 'skills' | 'onChange'> {
  readonly system: ActorSystem;
  readonly group: ThreadGroup;
}

export class NodeCluster {
  readonly #cluster: Cluster;
  readonly #parts: NodeClusterParts;
  #joined: Joined | undefined;
  #members: NodeMembers | undefined;

  constructor(cluster: Cluster, parts: NodeClusterParts) {
    this.#cluster = cluster;
    this.#parts = parts;
  }

  /** Everybody who is not gone, this node included; nobody before it entered. */
  members(): readonly MemberReport[] {
    return this.#members?.list() ?? [];
  }

  /** Failures: NATS_FAILED, PORT_UNAVAILABLE. */
  async enter(): Promise<Result<void>> {
    const { system, group: _, ...facts } = this.#parts;
    const { options } = this.#cluster;
    const joined = await joinCluster(system, options, { streams: realStreams });
    if (!joined.ok) return joined;
    this.#joined = joined.value;
    const { node: self, log } = system;
    this.#members = startMembers({ ...facts, self, cluster: options, log });
    return success(undefined);
  }

  /** What the others are told of this node from now on. */
  describe(state: 'ready' | 'draining'): void {
    this.#members?.describe(state);
  }

  status(): Promise<ClusterStatus> {
    return statusOf(this.#cluster, this.#joined, this.#parts.group, this.#members);
  }

  /** Says good-bye and ends the links of the main thread. */
  async leave(): Promise<void> {
    await this.#members?.close();
    await this.#joined?.close();
  }
}
