/** A node's part in the work of the others: what it does for them, and what it has done by them. */
import { type DelegationCounts, delegateActor, delegatorActor } from '../actors/index.ts';
import type { MemberReport } from '../cluster/index.ts';
import {
  type Ceiling,
  failure,
  type NodeId,
  type Result,
  type SkillPackage,
} from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import type { SkillRegistry } from '../skills/index.ts';

export interface DelegationParts {
  readonly system: ActorSystem;
  readonly pool: ActorRef;
  readonly kv: ActorRef;
  readonly registry: SkillRegistry;
  readonly policy: Ceiling | undefined;
  readonly members: () => readonly MemberReport[];
  /** Calls of skills that this node does at once. */
  readonly capacity: number;
  /** False while the node drains. */
  readonly takesWork: () => boolean;
  /** Tasks for others at once. Default LIMITS.delegatedTasks. */
  readonly tasksMax?: number;
}

export interface DelegationStatus extends DelegationCounts {
  /** Tasks of other nodes that run here now, and offers of theirs that were accepted and refused. */
  readonly activeForOthers: number;
  readonly acceptedForOthers: number;
  readonly refusedToOthers: number;
}

export interface NodeDelegation {
  /** Takes calls of skills, as the pool does. */
  readonly delegator: ActorRef;
  /** What the node does for others now. */
  readonly active: () => number;
  /** Settles when the node does nothing for others. */
  readonly idle: () => Promise<void>;
  /** A skill that this node lacks. Failure: SKILL_NOT_FOUND. */
  readonly find: (wanted: string) => Promise<Result<SkillPackage>>;
  readonly memberGone: (node: NodeId) => void;
  readonly status: () => Promise<DelegationStatus | null>;
}

const FIND_MS = 5_000;

export function startDelegation(parts: DelegationParts): NodeDelegation {
  const { system, pool, kv, registry, policy, members, capacity, takesWork, tasksMax } = parts;
  let active = 0;
  let onIdle: (() => void)[] = [];
  // What this node would refuse to run it does not offer to do for others.
  const skills = {
    list: () => registry.list().filter((skill) => !registry.refusal(skill)),
    find: (wanted: string): Result<SkillPackage> => {
      const found = registry.find(wanted);
      return (found.ok && registry.refusal(found.value)) || found;
    },
  };
  const onActive = (count: number): void => {
    active = count;
    if (active > 0) return;
    for (const tell of onIdle) tell();
    onIdle = [];
  };
  const delegate = system.spawn(
    delegateActor,
    {
      ...{ pool, skills, policy, takesWork, onActive },
      ...(tasksMax === undefined ? {} : { tasksMax }),
    },
    { name: 'delegate' },
  );
  const delegator = system.spawn(
    delegatorActor,
    { pool, kv, members, capacity },
    { name: 'delegator' },
  );
  return {
    delegator,
    active: () => active,
    idle: async () => {
      if (active > 0) await new Promise<void>((resolve) => onIdle.push(resolve));
    },
    find: async (wanted) => {
      const answer = await system.ask(delegator, 'find', wanted, { timeoutMs: FIND_MS });
      return answer.kind === 'answered'
        ? answer.value
        : failure('SKILL_NOT_FOUND', { skill: wanted });
    },
    memberGone: (node) => void system.tell(delegator, 'memberGone', node),
    status: async () => {
      const [own, others] = await Promise.all([
        system.ask(delegator, 'counts', undefined),
        system.ask(delegate, 'counts', undefined),
      ]);
      if (own.kind !== 'answered' || others.kind !== 'answered') return null;
      return {
        ...own.value,
        activeForOthers: others.value.active,
        acceptedForOthers: others.value.accepted,
        refusedToOthers: others.value.refused,
      };
    },
  };
}
