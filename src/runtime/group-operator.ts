/** What an operator asks of a running group: how it is, to drain one of its nodes, to replace all. One rollout at a time. */
import { failure, type Mismatch, type Result, success } from '../contracts/index.ts';
import {
  type DrainReport,
  type GroupNode,
  type NodeSettings,
  type RolloutReport,
  type RolloutStep,
  rollOut,
} from '../supervisor/index.ts';
import { readClusterFile } from './cluster-file.ts';
import type { RunningGroup, WantedNode } from './start-group.ts';

export interface GroupStatus {
  readonly cluster: string;
  readonly nats: string;
  readonly dataDir: string;
  /** Of the supervisor. */
  readonly pid: number;
  readonly uptimeMs: number;
  readonly isRedeploying: boolean;
  readonly nodes: readonly GroupNode[];
}

export interface RedeployRequest {
  /** Of this group alone. */
  readonly group?: string;
  /** New settings, for the nodes that there are; default: those that they have. */
  readonly file?: string;
  readonly timeoutMs: number;
}

export class GroupOperator {
  readonly #group: RunningGroup;
  readonly #version: string;
  readonly #bornMs: number;
  #isRedeploying = false;

  /** `version`: of this build, for the version ranges in files of groups. */
  constructor(group: RunningGroup, version: string) {
    this.#group = group;
    this.#version = version;
    this.#bornMs = group.ports.clock.monotonicMs();
  }

  nodes(): readonly GroupNode[] {
    return this.#group.supervisor.nodes();
  }

  status(): GroupStatus {
    const { cluster, nats, dataDir, ports, supervisor } = this.#group;
    return {
      cluster,
      nats,
      dataDir,
      pid: process.pid,
      uptimeMs: ports.clock.monotonicMs() - this.#bornMs,
      isRedeploying: this.#isRedeploying,
      nodes: supervisor.nodes(),
    };
  }

  /** Tells of each change of a node. @returns a function that ends it. */
  onChange(changed: () => void): () => void {
    return this.#group.supervisor.onEvent(changed);
  }

  /** Failures: ARGUMENT_INVALID, DRAIN_TIMEOUT, NODE_UNREACHABLE, OVERLOADED while nodes are replaced. */
  async drain(name: string, timeoutMs: number): Promise<Result<DrainReport>> {
    return this.#isRedeploying ? busy() : this.#group.supervisor.drain(name, timeoutMs);
  }

  resume(name: string): Result<void> {
    return this.#isRedeploying ? busy() : this.#group.supervisor.resume(name);
  }

  /** Failures: REDEPLOY_FAILED, CONFIG_INVALID, FILE_UNREADABLE, ARGUMENT_INVALID, OVERLOADED while another is under way. */
  async redeploy(
    request: RedeployRequest,
    onStep: (step: RolloutStep) => void,
  ): Promise<Result<RolloutReport>> {
    if (this.#isRedeploying) return busy();
    this.#isRedeploying = true;
    try {
      const settings = await this.#settingsFor(request);
      if (!settings.ok) return settings;
      const { supervisor, ports } = this.#group;
      const { timeoutMs } = request;
      const { clock } = ports;
      return await rollOut(supervisor, { settings: settings.value, timeoutMs, clock, onStep });
    } finally {
      this.#isRedeploying = false;
    }
  }

  async #settingsFor({ group, file }: RedeployRequest): Promise<Result<readonly NodeSettings[]>> {
    const { supervisor, settingsOf } = this.#group;
    const running = supervisor.nodes();
    const chosen = running.filter((node) => group === undefined || node.group === group);
    if (chosen.length === 0) {
      const expected = `one of ${[...new Set(running.map((node) => node.group))].join(', ')}`;
      return failure('ARGUMENT_INVALID', { argument: '--group', found: group ?? '', expected });
    }
    const wanted = new Map<string, NodeSettings>();
    for (const { name } of chosen) {
      const current = supervisor.settingsOf(name);
      if (current) wanted.set(name, current);
    }
    if (file === undefined) return success([...wanted.values()]);
    const plan = await readClusterFile(file, this.#version);
    if (!plan.ok) return plan;
    const fault = otherNodes(plan.value.nodes, running);
    if (fault) return failure('CONFIG_INVALID', { file, ...fault });
    for (const node of plan.value.nodes)
      if (wanted.has(node.name)) wanted.set(node.name, settingsOf(node));
    return success([...wanted.values()]);
  }
}

/** A redeploy replaces the nodes that there are: a file that names others belongs to another start. */
function otherNodes(
  nodes: readonly WantedNode[],
  running: readonly GroupNode[],
): Mismatch | undefined {
  const [found, expected] = [nodes, running].map((all) => all.map(({ name }) => name).join(', '));
  return found === expected
    ? undefined
    : { pointer: '/groups', found: `the nodes ${found}`, expected: `those that run: ${expected}` };
}

const busy = () => failure('OVERLOADED', { reason: 'the nodes of the group are being replaced' });
