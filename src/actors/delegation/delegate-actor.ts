/**
 * Does calls for other nodes: accepts or refuses what is offered, then runs it by this node's own copy of the skill and under this
 * node's own policy. A task that comes twice is done once.
 */
import { createHash } from 'node:crypto';
import {
  type Ceiling,
  failure,
  LIMITS,
  type NodeId,
  type Result,
  type SkillPackage,
  success,
} from '../../contracts/index.ts';
import { type ActorContext, type ActorRef, defineActor, type RefOf } from '../../kernel/index.ts';
import type { Execution } from '../execution.ts';
import { contractOf } from '../resources.ts';
import { failedExecution, type skillPoolActor } from '../skill-pool-actor.ts';
import {
  checkOffer,
  type Offer,
  readTask,
  type SkillCard,
  type SkillName,
  skillKey,
  skillNameOf,
  TASK_BYTES_MAX,
  type Task,
} from './task.ts';

/** What a node knows of its own skills. */
export interface HeldSkills {
  readonly list: () => readonly SkillPackage[];
  readonly find: (wanted: string) => Result<SkillPackage>;
}

export interface DelegateArgs {
  readonly pool: ActorRef;
  readonly skills: HeldSkills;
  /** This node's ceiling over what others have done here. */
  readonly policy: Ceiling | undefined;
  /** False while the node drains. */
  readonly takesWork: () => boolean;
  /** Tasks for others at once; beyond it offers are refused. Default LIMITS.delegatedTasks. */
  readonly tasksMax?: number;
  /** Told of every task that begins and ends. */
  readonly onActive: (active: number) => void;
}

interface DelegateState extends DelegateArgs {
  /** Tasks that were accepted and have not come yet, with the time until which there is room for them. */
  readonly reserved: Map<string, number>;
  readonly answers: Map<string, Promise<string>>;
  readonly active: Set<Active>;
  accepted: number;
  refused: number;
}

/** One task under way. An object of this thread: no message of another node can name it. */
type Active = Readonly<Record<never, never>>;

const RESERVED_MS = 5_000;
/** Answers kept for a task that comes again. */
const ANSWERS_MAX = 64;
const ASK_MS = 600_000;

export const delegateActor = defineActor({
  kind: 'delegate',
  initial: (args: DelegateArgs): DelegateState => ({
    ...args,
    reserved: new Map(),
    answers: new Map(),
    active: new Set(),
    accepted: 0,
    refused: 0,
  }),
  receive: {
    skills: (state): readonly SkillName[] =>
      state.skills.list().slice(0, LIMITS.delegatedSkills).map(skillNameOf),

    find: (state, wanted: string): Result<SkillCard> => {
      const found = state.skills.find(String(wanted).slice(0, 200));
      if (!found.ok) return found;
      const { manifest, contentHash } = found.value;
      return success({ manifest, contentHash });
    },

    offer: (state, offered: unknown, ctx): Result<null> => {
      const answer = judgeOffer(state, offered, ctx);
      if (answer.ok) state.accepted++;
      else state.refused++;
      return answer;
    },

    perform: (state, came: unknown, ctx) => {
      const task = readTask(came);
      if (typeof task === 'string') return ctx.replyLater(Promise.reject(new Error(task)));
      const key = keyOf(task);
      const known = task.request.tape ? undefined : state.answers.get(key);
      if (known) {
        state.reserved.delete(task.task);
        return ctx.replyLater(known);
      }
      const began = begin(state, task, ctx);
      if (!began.ok) {
        state.refused++;
        return ctx.replyLater(
          Promise.resolve(answerOf(failedExecution(began, task.request, ''), task)),
        );
      }
      if (!task.request.tape) remember(state, key, began.value);
      return ctx.replyLater(began.value);
    },

    ended: (state, task: Active) => {
      if (state.active.delete(task)) state.onActive(state.active.size);
    },

    counts: ({ active, accepted, refused }) => ({ active: active.size, accepted, refused }),
  },
});

const refuse = (node: NodeId, reason: string) => failure('DELEGATION_REFUSED', { node, reason });

function judgeOffer(state: DelegateState, offered: unknown, ctx: ActorContext): Result<null> {
  const { node, clock } = ctx.system;
  const checked = checkOffer(offered);
  if (!checked.ok) return refuse(node, `${checked.mismatch.pointer}: ${checked.mismatch.found}`);
  if (!state.takesWork()) return refuse(node, 'it drains');
  const offer = checked.value as Offer;
  const held = heldOf(state, offer.skill);
  if (!held) return refuse(node, `it does not hold ${offer.skill.name}@${offer.skill.version}`);
  const nowMs = clock.monotonicMs();
  for (const [task, untilMs] of state.reserved) {
    if (untilMs > nowMs) break;
    state.reserved.delete(task);
  }
  if (state.active.size + state.reserved.size >= (state.tasksMax ?? LIMITS.delegatedTasks))
    return refuse(node, `it does ${state.active.size} tasks for others`);
  state.reserved.delete(offer.task);
  state.reserved.set(offer.task, nowMs + RESERVED_MS);
  return success(null);
}

function begin(state: DelegateState, task: Task, ctx: ActorContext): Result<Promise<string>> {
  const { node } = ctx.system;
  if (!state.reserved.delete(task.task)) return refuse(node, 'it has no room kept for this task');
  if (!state.takesWork()) return refuse(node, 'it drains');
  const skill = heldOf(state, task.skill);
  if (!skill) return refuse(node, 'it no longer holds the skill');
  const { request, tenant, kv } = task;
  const ceilings = [...(state.policy ? [state.policy] : []), asked(request)];
  const contract = contractOf(skill.manifest, { grants: request.grants, ceilings });
  if (!contract.ok) return contract;
  const invocation = { ...request, ...contract.value, skill, tenant, kv };
  const pool = state.pool as RefOf<typeof skillPoolActor>;
  const active: Active = {};
  state.onActive(state.active.add(active).size);
  const answer = ctx.detached().ask(pool, 'invoke', invocation, { timeoutMs: ASK_MS });
  const execution = answer.then((result) => {
    if (result.kind === 'answered') return answerOf(result.value, task);
    return answerOf(failedExecution({ ok: false, error: result.error }, request, ''), task);
  });
  ctx.pipeToSelf(execution, 'ended', () => active);
  return success(execution);
}

/** As text. One that no message holds would look like one that nobody knows of: that is told instead. */
function answerOf(execution: Execution, { request, skill }: Task): string {
  const answer = JSON.stringify(execution);
  const sizeBytes = Buffer.byteLength(answer);
  if (sizeBytes <= TASK_BYTES_MAX) return answer;
  const reason = `output and host calls take ${sizeBytes} bytes; from node to node it is ${TASK_BYTES_MAX} at most`;
  const failed = failure('DELEGATION_FAILED', { skill: skill.name, reason });
  const { usage, thread } = execution;
  return JSON.stringify({ ...failedExecution(failed, request, thread), usage });
}

/** What the other node allows, as a ceiling: this node's own figures are never raised by it. */
const asked = ({ resources }: Task['request']): Ceiling => ({
  name: 'the node that asks',
  resources,
});

const heldOf = ({ skills }: DelegateState, wanted: SkillName): SkillPackage | undefined => {
  const found = skills.find(`${wanted.name}@${wanted.version}`);
  return found.ok && skillKey(skillNameOf(found.value)) === skillKey(wanted)
    ? found.value
    : undefined;
};

/** Of what is asked, not of its name alone: nobody gets the answer to what another node asked under the same name. */
const keyOf = ({ task, tenant, skill, request, kv }: Task): string =>
  createHash('sha256')
    .update(JSON.stringify([task, tenant, skillKey(skill), request, kv.address]))
    .digest('hex');

function remember(state: DelegateState, key: string, answer: Promise<string>): void {
  state.answers.set(key, answer);
  const [oldest] = state.answers.keys();
  if (oldest !== undefined && state.answers.size > ANSWERS_MAX) state.answers.delete(oldest);
}
