/** A node as a program holds it: what it can be asked and told. */
import type { CallContract, RunEvent, SandboxStatus } from '../actors/index.ts';
import type { VirtualActors } from '../cluster/index.ts';
import type {
  CapabilityGrants,
  Ceiling,
  NodeId,
  Result,
  SkillPackage,
  StructuredOutcome,
} from '../contracts/index.ts';
import type { ActorSystem, DeadLetter, SystemEnd } from '../kernel/index.ts';
import type { PublishOptions } from '../skills/index.ts';
import type { DrainReport, NodeFacts, SupervisorReport, ThreadGroup } from '../supervisor/index.ts';
import type { ExecuteRequest } from './execute.ts';
import type { HaltControl, HaltStatus } from './halt/node-halts.ts';
import type { NodeActors } from './node-actors.ts';
import type { RegistryReport } from './node-skills.ts';
import type { Trace } from './node-traces.ts';
import type { ClusterStatus } from './open-cluster.ts';
import type { NodeApprovals } from './policy/node-approvals.ts';
import type { PolicyStatus } from './policy/node-policy.ts';
import type { Query, QueryAnswers } from './query.ts';
import type { Readiness } from './readiness.ts';

export interface NodeStatus {
  readonly node: NodeId;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly durability: 'memory' | 'fsynced';
  readonly threads: readonly { readonly name: string; readonly life: number }[];
  readonly sandboxes: readonly SandboxStatus[];
  readonly skills: number;
  readonly actors: number;
  readonly activeRuns: number;
  /** Whether it takes runs. */
  readonly work: NodeFacts['work'];
  /** Whether work should be sent to it now. */
  readonly readiness: Readiness;
  /** What the kill switch holds. */
  readonly halts: HaltStatus;
  readonly deadLetters: number;
  readonly supervision: SupervisorReport | null;
  readonly processors: number;
  readonly cluster: ClusterStatus | null;
  readonly policy: PolicyStatus;
}

export interface SkeinNode {
  /** Actions that wait for people, and what people say to them. */
  readonly approvals: NodeApprovals;
  readonly id: NodeId;
  readonly system: ActorSystem;
  readonly threads: ThreadGroup;
  /** Actors that are addressed by kind and key, wherever they live. */
  readonly virtual: VirtualActors;
  /** Actors that skill packages bring, behind the wall. */
  readonly actors: Pick<NodeActors, 'ask' | 'active'>;
  readonly recovered: readonly string[];
  /** Where Prometheus scrapes, when the node was started with `metrics`. */
  readonly metricsUrl: string | undefined;
  /** Runs a plan or a skill. Never throws or rejects. */
  readonly execute: (
    request: ExecuteRequest,
    onEvent?: (event: RunEvent) => void,
  ) => Promise<StructuredOutcome>;
  readonly describe: (skill: string) => Promise<Result<SkillPackage>>;
  /** Holds a package from now on, after every restart too. */
  readonly register: (skill: SkillPackage) => Promise<Result<SkillPackage>>;
  /**
   * Holds a signed package, given as the text of its file; in a cluster all nodes do that trust its signer. Failures:
   * PACKAGE_INVALID, PACKAGE_TAMPERED, SIGNATURE_REFUSED, VERSION_REFUSED, STATE_UNAVAILABLE, FILE_UNWRITABLE.
   */
  readonly publish: (text: string, options?: PublishOptions) => Promise<Result<SkillPackage>>;
  /**
   * Takes a published version out of what ranges find; who names the very version still gets it. Undefined puts it back.
   * Failures: SKILL_NOT_FOUND, STATE_UNAVAILABLE, FILE_UNWRITABLE.
   */
  readonly yank: (
    name: string,
    version: string,
    reason: string | undefined,
  ) => Promise<Result<void>>;
  /** Every skill that the node holds or was offered: where it came from, who signed it, whether it would run. */
  readonly registry: () => RegistryReport;
  /**
   * What a call of the skill would be held to: its manifest's figures and capabilities, under the caller's grants and profile
   * and the node's policy; the tighter wins. Failures: SKILL_NOT_FOUND, CAPABILITY_DENIED.
   */
  readonly resourceContract: (
    skill: string,
    terms?: { readonly grants?: CapabilityGrants; readonly profile?: Ceiling },
  ) => Promise<Result<CallContract>>;
  readonly query: <Q extends Query>(query: Q) => Promise<Result<QueryAnswers[Q['kind']]>>;
  readonly skills: () => readonly SkillPackage[];
  /** The spans of a request, by start; those of every thread included, and of other nodes that answer in two seconds. */
  readonly trace: Trace;
  readonly status: () => Promise<NodeStatus>;
  readonly deadLetters: () => readonly DeadLetter[];
  /** The little of the status that costs nothing to say often. */
  readonly facts: () => NodeFacts;
  /**
   * Takes no more runs, waits for those that are active, hands over what it owns and says so to the cluster. The node stays up.
   * Failure: DRAIN_TIMEOUT; it goes on refusing runs until it is asked again or told to `resume`.
   */
  readonly drain: (options: { readonly timeoutMs: number }) => Promise<Result<DrainReport>>;
  /** What else the node has to give away before it is drained; called when no run is active. */
  readonly onDrain: (handOver: () => Promise<void>) => void;
  /** Takes runs again. */
  readonly resume: () => void;
  /** The kill switch. */
  readonly halts: HaltControl;
  readonly ended: Promise<SystemEnd>;
  /** Ends the node in order; settles when nothing of it is left. */
  readonly close: () => Promise<void>;
}
