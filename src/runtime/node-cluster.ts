/** A node's part in its cluster: entered once its threads run, left before they end. */
import type { MemberReport } from '../cluster/index.ts';
import { LIMITS, type NodeId, type Result, success } from '../contracts/index.ts';
import { realStreams } from '../host/index.ts';
import { type Joined, joinCluster, type ThreadGroup } from '../supervisor/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import { type DelegationParts, type NodeDelegation, startDelegation } from './node-delegation.ts';
import { type NodeMembers, type NodeMembersOptions, startMembers } from './node-members.ts';
import { startTraces, type Trace } from './node-traces.ts';
import { type Cluster, type ClusterStatus, statusOf } from './open-cluster.ts';

export interface NodeClusterParts
  extends Pick<NodeMembersOptions, 'labels' | 'logging' | 'onChange'>,
    Omit<DelegationParts, 'members' | 'takesWork'> {
  readonly group: ThreadGroup;
  readonly activeRuns: () => number;
  /** The spans that this node itself has of a trace. */
  readonly trace: (correlationId: string) => Promise<readonly SpanRecord[]>;
}

export class NodeCluster {
  readonly #cluster: Cluster;
  readonly #parts: NodeClusterParts;
  #joined: Joined | undefined;
  #members: NodeMembers | undefined;
  #takesWork = true;
  readonly delegation: NodeDelegation;
  /** A trace as all nodes saw it. */
  readonly trace: Trace;

  constructor(cluster: Cluster, parts: NodeClusterParts) {
    this.#cluster = cluster;
    this.#parts = parts;
    const { system, trace: own } = parts;
    const members = () => this.members();
    this.delegation = startDelegation({ ...parts, members, takesWork: () => this.#takesWork });
    this.trace = startTraces({ system, members, own });
  }

  get name(): string {
    return this.#cluster.options.name;
  }

  /** Everybody who is not gone, this node included; nobody before it entered. */
  members(): readonly MemberReport[] {
    return this.#members?.list() ?? [];
  }

  /** Members that are held to be dead. */
  dead(): readonly NodeId[] {
    return this.#members?.dead() ?? [];
  }

  isConnected(): boolean {
    return this.#joined?.isConnected() ?? false;
  }

  /** Links to other nodes. Failures: NATS_FAILED, PORT_UNAVAILABLE. */
  async join(): Promise<Result<void>> {
    const { options } = this.#cluster;
    const joined = await joinCluster(this.#parts.system, options, { streams: realStreams });
    if (!joined.ok) return joined;
    this.#joined = joined.value;
    return success(undefined);
  }

  /** Is a member from now on, whom the others may give work. */
  enter(): void {
    const { system, labels, logging, registry, activeRuns, onChange } = this.#parts;
    const { options } = this.#cluster;
    const { delegation } = this;
    const { node: self, log } = system;
    this.#members = startMembers({
      self,
      cluster: options,
      labels,
      log,
      logging,
      load: () => (activeRuns() + delegation.active()) / LIMITS.concurrentRuns,
      skills: () => registry.digest(),
      state: this.#takesWork ? 'ready' : 'draining',
      onGone: delegation.memberGone,
      ...(onChange ? { onChange } : {}),
    });
  }

  /** What the others are told of this node from now on. */
  describe(state: 'ready' | 'draining'): void {
    this.#takesWork = state === 'ready';
    this.#members?.describe(state);
  }

  async status(): Promise<ClusterStatus> {
    const status = await statusOf(this.#cluster, this.#joined, this.#parts.group, this.#members);
    return { ...status, delegation: await this.delegation.status() };
  }

  /** Says good-bye and ends the links of the main thread. */
  async leave(): Promise<void> {
    await this.#members?.close();
    await this.#joined?.close();
  }
}
