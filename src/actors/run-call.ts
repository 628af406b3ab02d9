/** One call of a step: its attempts with backoff between them, then its verification. */
import {
  failure,
  type Json,
  NO_USAGE,
  type Result,
  type Retry,
  type SkeinError,
  type SkillPackage,
  type Step,
  success,
  type TenantId,
  type TraceContext,
  type Usage,
} from '../contracts/index.ts';
import type { ActorRef, ActorSystem, RefOf } from '../kernel/index.ts';
import { backoffDelayMs } from '../transport/index.ts';
import type { Execution, Invocation } from './execution.ts';
import { type CallContract, type ContractTerms, contractOf } from './resources.ts';
import { waitForApproval } from './run-approval.ts';
import type { RunEvent } from './run-events.ts';
import type { skillPoolActor } from './skill-pool-actor.ts';
import type { Verdict, verifierActor } from './verifier-actor.ts';

/** What the calls of a run share. */
export interface RunFrame {
  readonly system: ActorSystem;
  readonly pool: ActorRef;
  readonly verifier: ActorRef;
  /** Where what waits for people is decided; without it such a call fails. */
  readonly approvals?: ActorRef | undefined;
  readonly runId: string;
  readonly tenant: TenantId;
  /** What the calls may have at most; each skill's manifest narrows it further. */
  readonly terms: ContractTerms;
  readonly emit: (event: RunEvent) => void;
  /** Adds what an attempt used. @returns the error when that went over the run's budget. */
  readonly charge: (usage: Usage) => SkeinError | undefined;
  /** Why no further attempt may start, when the run is ending. */
  readonly stopped: () => SkeinError | undefined;
}

export interface Call {
  readonly step: Step;
  readonly skill: SkillPackage;
  readonly index: number;
  readonly input: Json;
  readonly trace: TraceContext | undefined;
}

const ONCE: Retry = { attempts: 1 };
/** A lost thread is no fault of the skill: work that changes nothing outside is simply done again. */
const FREE_RETRIES = 2;
const ASK_MS = 600_000;

export async function runCall(call: Call, frame: RunFrame): Promise<Result<Json>> {
  const retry = call.step.retry ?? ONCE;
  const contract = contractOf(call.skill.manifest, frame.terms);
  if (!contract.ok) return contract;
  for (let attempt = 1, free = FREE_RETRIES; ; attempt++) {
    const stopped = frame.stopped();
    if (stopped) return { ok: false, error: stopped };
    const invocation = invocationOf(call, attempt, contract.value, frame);
    const execution = await executeApproved(invocation, call, frame);
    const overBudget = frame.charge(execution.usage);
    if (overBudget) return { ok: false, error: overBudget };
    if (execution.result.ok) return settle(call, invocation, execution, frame);
    const { error } = execution.result;
    const isFree = error.code === 'THREAD_LOST' && changesNothing(call.skill) && free-- > 0;
    const mayRetry = isFree || (error.retryable && attempt < retry.attempts && !isOnce(call.skill));
    const retryInMs = mayRetry ? delayOf(retry, attempt, frame) : null;
    frame.emit({
      type: 'attempt.failed',
      step: call.step.id,
      call: call.index,
      attempt,
      skill: call.skill.manifest.name,
      usage: execution.usage,
      error,
      retryInMs,
    });
    if (retryInMs === null) return { ok: false, error };
    await pause(frame.system, retryInMs);
  }
}

const changesNothing = ({ manifest: { effects = 'none' } }: SkillPackage): boolean =>
  effects === 'none' || effects === 'read';

const isOnce = (skill: SkillPackage): boolean => skill.manifest.effects === 'once';

function invocationOf(
  call: Call,
  attempt: number,
  contract: CallContract,
  frame: RunFrame,
): Invocation {
  const { step, skill, index, input } = call;
  return {
    skill,
    tenant: frame.tenant,
    input,
    ...contract,
    seed: `${frame.runId}/${step.id}/${index}/${attempt}`,
    startWallMs: Math.floor(frame.system.clock.wallMs()),
    attempt,
    task: `${frame.runId}/${step.id}/${index}`,
    ...(step.place ? { place: step.place } : {}),
  };
}

/** The same call again, byte by byte, once people have approved what it waits for. */
async function executeApproved(
  invocation: Invocation,
  call: Call,
  frame: RunFrame,
): Promise<Execution> {
  for (;;) {
    const execution = await execute(invocation, call, frame);
    const { result } = execution;
    if (result.ok || result.error.code !== 'APPROVAL_REQUIRED' || isOnce(call.skill))
      return execution;
    const waited = await waitForApproval(result.error, call, frame);
    if (!waited.ok) return { ...execution, result: waited };
    const overBudget = frame.charge(execution.usage);
    if (overBudget)
      return { ...execution, usage: NO_USAGE, result: { ok: false, error: overBudget } };
  }
}

async function execute(invocation: Invocation, call: Call, frame: RunFrame): Promise<Execution> {
  const timeoutMs = Math.min(call.step.timeoutMs ?? ASK_MS, ASK_MS);
  const pool = frame.pool as RefOf<typeof skillPoolActor>;
  const answer = await frame.system.ask(pool, 'invoke', invocation, { timeoutMs, ...traced(call) });
  if (answer.kind === 'answered') return answer.value;
  const { seed, startWallMs } = invocation;
  const result = { ok: false, error: answer.error } as const;
  return {
    result,
    usage: NO_USAGE,
    tape: { seed, startWallMs, effects: [] },
    limitTouched: false,
    thread: '',
  };
}

async function settle(
  call: Call,
  invocation: Invocation,
  execution: Execution,
  frame: RunFrame,
): Promise<Result<Json>> {
  const { step, index } = call;
  const { thread, outputHash = '', usage } = execution;
  frame.emit({
    type: 'attempt.succeeded',
    step: step.id,
    call: index,
    attempt: invocation.attempt,
    skill: call.skill.manifest.name,
    thread,
    outputHash,
    usage,
  });
  if (!step.verify) return execution.result;
  const verifier = frame.verifier as RefOf<typeof verifierActor>;
  const request = { step: step.id, verify: step.verify, invocation, execution };
  const answer = await frame.system.ask(verifier, 'verify', request, {
    timeoutMs: ASK_MS,
    ...traced(call),
  });
  if (answer.kind !== 'answered') {
    return failure('VERIFICATION_UNAVAILABLE', { step: step.id, reason: answer.error.message });
  }
  const { result, agreeing, executions }: Verdict = answer.value;
  frame.emit({
    type: 'step.verified',
    step: step.id,
    call: index,
    agreeing,
    replicas: step.verify.replicas,
    executions,
  });
  return result.ok ? success(result.value) : result;
}

const traced = ({ trace }: Call) => (trace === undefined ? {} : { trace });

function delayOf(retry: Retry, attempt: number, { system }: RunFrame): number {
  const { minMs = 100, maxMs = 5_000, jitterRatio = 0.2 } = retry;
  return Math.round(
    backoffDelayMs({ minMs, maxMs: Math.max(minMs, maxMs), jitterRatio }, attempt, system.random),
  );
}

const pause = ({ timers }: ActorSystem, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
