/**
 * One call on its way to a node that does it: offered to one node after the other, given to the first that accepts, and to another
 * when that one is lost. The same task name goes along every time, so that what it does to the world outside can be told apart from
 * doing it twice.
 */
import { createHash } from 'node:crypto';
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  failure,
  type Json,
  type NodeId,
  type Result,
  type SkeinError,
  type StepPlace,
  skeinError,
  type TraceContext,
} from '../../contracts/index.ts';
import {
  type ActorRef,
  type ActorSystem,
  type AskResult,
  parentContext,
  traceOf,
} from '../../kernel/index.ts';
import { canonicalJson } from '../../sandbox/index.ts';
import type { Execution, Invocation } from '../execution.ts';
import { failedExecution } from '../skill-pool-actor.ts';
import { delegateOf } from './delegate-ref.ts';
import type { Losses } from './losses.ts';
import type { PeerSkills } from './peer-skills.ts';
import { readExecution, skillNameOf, TASK_BYTES_MAX, type Task, taskMessage } from './task.ts';

export interface DelegationCounts {
  offered: number;
  accepted: number;
  refused: number;
  /** With an outcome, good or bad. */
  completed: number;
  /** Nodes that were lost, or silent, while they did a task. */
  lost: number;
  /** Tasks that no node did. */
  failed: number;
}

export interface DelegationWorld {
  readonly system: ActorSystem;
  readonly kv: ActorRef;
  readonly peers: PeerSkills;
  readonly losses: Losses;
  readonly counts: DelegationCounts;
  /** Does it on this node. */
  readonly here: () => Promise<Execution>;
}

const OFFER_MS = 2_000;
/** On top of the wall limit: a fresh host there, hops, queues. */
const GRACE_MS = 20_000;
const NODES_MAX = 8;

export async function delegate(
  invocation: Invocation,
  nodes: readonly NodeId[],
  parent: TraceContext | undefined,
  world: DelegationWorld,
): Promise<Execution> {
  const { system, counts, peers } = world;
  const task = taskOf(invocation, world.kv);
  const why: string[] = [];
  if (Buffer.byteLength(JSON.stringify(task.request)) > TASK_BYTES_MAX) {
    if (nodes.includes(system.node)) return world.here();
    const reason = `its input is over ${TASK_BYTES_MAX} bytes, the most from node to node`;
    return failedExecution(
      failure('DELEGATION_FAILED', { skill: task.skill.name, reason }),
      invocation,
      '',
    );
  }
  for (const node of nodes.slice(0, NODES_MAX)) {
    if (node === system.node) return world.here();
    if (!(await peers.holds(node, task.skill))) {
      why.push(`${node} does not hold it`);
      continue;
    }
    const refusal = await offer(task, node, parent, world);
    if (refusal) {
      counts.refused++;
      why.push(`${node}: ${refusal.message}`);
      continue;
    }
    counts.accepted++;
    const answer = await perform(task, node, parent, world);
    if (answer.kind === 'answered') {
      const execution = checkedExecution(answer.value, node, invocation);
      if (!execution.result.ok && execution.result.error.code === 'DELEGATION_REFUSED') {
        // It no longer had room, or drains since it accepted: nothing was begun.
        counts.refused++;
        why.push(`${node}: ${execution.result.error.message}`);
        continue;
      }
      counts.completed++;
      return execution;
    }
    counts.lost++;
    why.push(`${node}: ${answer.error.message}`);
    if (answer.kind === 'unknown' && invocation.skill.manifest.effects === 'once') {
      const facts = { skill: task.skill.name, node, reason: answer.error.message };
      return failedExecution(failure('DELEGATION_UNKNOWN', facts), invocation, node);
    }
  }
  counts.failed++;
  const reason = why.length > 0 ? why.join('; ') : nobodyFits(invocation.place);
  return failedExecution(
    failure('DELEGATION_FAILED', { skill: task.skill.name, reason }),
    invocation,
    '',
  );
}

function taskOf(invocation: Invocation, kv: ActorRef): Task {
  const { skill, tenant, avoidThreads: _, place: __, kv: ___, ...request } = invocation;
  const { task = invocation.seed } = invocation;
  return { task, skill: skillNameOf(skill), tenant, request, kv };
}

function nobodyFits({ labels = {}, elsewhere = false }: StepPlace = {}): string {
  const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const others = elsewhere ? 'no other node' : 'no node';
  return wanted.length > 0
    ? `${others} that takes work has the labels ${wanted.join(', ')}`
    : 'no other node takes work';
}

/** @returns why the node does not take it */
async function offer(
  { task, skill, tenant }: Task,
  node: NodeId,
  parent: TraceContext | undefined,
  { system, counts, losses }: DelegationWorld,
): Promise<SkeinError | undefined> {
  counts.offered++;
  const asked = system.ask(
    delegateOf(system, node),
    'offer',
    { task, skill, tenant },
    {
      timeoutMs: OFFER_MS,
      ...(parent ? { trace: parent } : {}),
    },
  );
  const answer = await losses.unlessLost(node, asked);
  if (answer.kind !== 'answered') return answer.error;
  const judged = answer.value as Result<null> | null;
  if (judged?.ok) return undefined;
  return (
    judged?.error ?? skeinError('DELEGATION_REFUSED', { node, reason: 'an answer that is none' })
  );
}

async function perform(
  task: Task,
  node: NodeId,
  parent: TraceContext | undefined,
  { system, losses }: DelegationWorld,
): Promise<AskResult<unknown>> {
  const span = parent?.sampled ? startSpan(task, node, parent, system) : undefined;
  const timeoutMs = task.request.resources.wallMs + GRACE_MS;
  const under = span ? traceOf(span) : parent;
  const asked = system.ask(delegateOf(system, node), 'perform', taskMessage(task), {
    timeoutMs,
    ...(under ? { trace: under } : {}),
  });
  const answer = await losses.unlessLost(node, asked);
  if (answer.kind !== 'answered')
    span?.setStatus({ code: SpanStatusCode.ERROR, message: answer.error.message });
  span?.end(system.clock.wallMs());
  return answer;
}

const startSpan = (
  { task, skill }: Task,
  node: NodeId,
  parent: TraceContext,
  { clock }: ActorSystem,
): Span =>
  trace
    .getTracer('skein')
    .startSpan(
      `delegate ${skill.name} to ${node}`,
      { startTime: clock.wallMs(), attributes: { 'skein.task': task, 'skein.node': node } },
      parentContext(parent),
    );

/**
 * What another node says that it did: of the right shape, with the hash that its output really has, and of the run that was asked for: who could choose the seed
 * could choose the outcome, and a verification that replays its tape would agree.
 */
function checkedExecution(answer: unknown, node: NodeId, invocation: Invocation): Execution {
  const refuse = (reason: string) =>
    failedExecution(
      failure('DELEGATION_FAILED', { skill: invocation.skill.manifest.name, reason }),
      invocation,
      node,
    );
  const execution = readExecution(answer);
  if (typeof execution === 'string')
    return refuse(`${node} answered with no execution (${execution})`);
  const { result, outputHash } = execution;
  if (result.ok && outputHash !== hashOf(result.value))
    return refuse(`${node} answered with an output that has another hash than it says`);
  const { seed, startWallMs } = invocation.tape ?? invocation;
  if (
    execution.tape.seed !== seed ||
    Math.floor(execution.tape.startWallMs) !== Math.floor(startWallMs)
  )
    return refuse(`${node} answered with a run of another seed or time than it was asked for`);
  return { ...execution, thread: `${node}/${execution.thread}` };
}

const hashOf = (value: Json): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');
