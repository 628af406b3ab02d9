/**
 * `execute`: a plan or a skill in, a structured outcome out. It never throws: whatever goes wrong, a defect of Skein
 * included, is an outcome with a code and the correlation ID.
 */
import { dirname, isAbsolute, resolve } from 'node:path';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { type ContractTerms, type RunEvent, runActor } from '../actors/index.ts';
import {
  type CapabilityGrants,
  type Ceiling,
  type CorrelationId,
  DEFAULT_TENANT,
  errorOf,
  failure,
  grantsFrom,
  type Journal,
  type Json,
  LIMITS,
  NO_USAGE,
  newCorrelationId,
  newRunId,
  type Plan,
  type Result,
  type RunId,
  reasonOf,
  type SkeinError,
  type SkillPackage,
  type StructuredOutcome,
  success,
  type TenantId,
} from '../contracts/index.ts';
import { type ActorRef, type ActorSystem, type RefOf, traceOf } from '../kernel/index.ts';
import type { HaltJudge } from '../sandbox/index.ts';
import { loadSkillPackage, type SkillRegistry } from '../skills/index.ts';
import { checkPlan, readPlan } from './plan-file.ts';
import { readRequest } from './request.ts';

export interface ExecuteRequest {
  /** A plan as text (YAML or JSON) or as a value, or one skill: `name`, `name@range` or a folder. */
  readonly target:
    | { readonly kind: 'plan-text'; readonly text: string; readonly file?: string }
    | { readonly kind: 'plan'; readonly plan: unknown }
    | { readonly kind: 'skill'; readonly skill: string };
  readonly input?: Json;
  readonly tenant?: TenantId;
  /** For a single skill; a plan brings its own. */
  readonly grants?: CapabilityGrants;
  /** The caller's own ceiling, under that of the node. */
  readonly profile?: Ceiling;
}

export interface ExecuteParts {
  readonly system: ActorSystem;
  readonly registry: SkillRegistry;
  readonly journal: Journal;
  readonly pool: ActorRef;
  readonly verifier: ActorRef;
  readonly approvals?: ActorRef;
  /** Told of the end of each run, so that nothing of it stays. */
  readonly effects?: ActorRef;
  /** The operator's ceiling over every run. */
  readonly policy: Ceiling | undefined;
  /** The operator's policy decides about what a run without grants asks for. Default: it gets none. */
  readonly hasPolicyFile?: () => boolean;
  /** Looks on other nodes for a skill that the registry lacks. Failure: SKILL_NOT_FOUND. */
  readonly findElsewhere?: (wanted: string) => Promise<Result<SkillPackage>>;
  /** What the kill switch lets run; default: all. */
  readonly halted?: HaltJudge;
  /** Runs that the kill switch may end. */
  readonly running?: Set<RunningRun>;
}

export interface RunningRun {
  readonly ref: RefOf<typeof runActor>;
  readonly tenant: TenantId;
}

interface Prepared {
  readonly plan: Plan;
  readonly input: Json;
  readonly skills: ReadonlyMap<string, SkillPackage>;
  readonly terms: ContractTerms;
}

interface Ids {
  readonly runId: RunId;
  readonly correlationId: CorrelationId;
}

const GRACE_MS = 30_000;

export async function executeRun(
  request: ExecuteRequest,
  parts: ExecuteParts,
  onEvent: (event: RunEvent) => void,
): Promise<StructuredOutcome> {
  const { system } = parts;
  const startMs = system.clock.monotonicMs();
  const runId = newRunId(system.random);
  const span = trace.getTracer('skein').startSpan('run', {
    root: true,
    startTime: system.clock.wallMs(),
    attributes: { 'skein.run': runId },
  });
  const context = traceOf(span);
  const hasTracing = !/^0+$/.test(context.correlationId);
  const ids: Ids = {
    runId,
    correlationId: hasTracing ? context.correlationId : newCorrelationId(system.random),
  };
  const outcome = await attempt(
    request,
    parts,
    ids,
    hasTracing ? context : undefined,
    onEvent,
    startMs,
  );
  if (!outcome.ok) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error.message });
  span.end(system.clock.wallMs());
  return outcome;
}

async function attempt(
  given: ExecuteRequest,
  parts: ExecuteParts,
  ids: Ids,
  context: ReturnType<typeof traceOf> | undefined,
  onEvent: (event: RunEvent) => void,
  startMs: number,
): Promise<StructuredOutcome> {
  const { system } = parts;
  const failed = (error: SkeinError): StructuredOutcome => {
    const elapsedMs = system.clock.monotonicMs() - startMs;
    return { ok: false, error, ...ids, attempts: 0, usage: NO_USAGE, elapsedMs };
  };
  try {
    const read = readRequest(given);
    if (!read.ok) return failed(read.error);
    const request = read.value;
    const tenant = request.tenant ?? DEFAULT_TENANT;
    const isHalted = parts.halted?.({ tenant });
    if (isHalted) return failed(isHalted);
    const prepared = await prepare(request, parts);
    if (!prepared.ok) return failed(prepared.error);
    const halted = parts.halted?.({ tenant });
    if (halted) return failed(halted);
    const recorder = recordTo(parts.journal, ids.runId, (event) => tell(onEvent, event, system));
    const args = {
      ...ids,
      ...prepared.value,
      tenant,
      pool: parts.pool,
      verifier: parts.verifier,
      approvals: parts.approvals,
      emit: recorder.emit,
    };
    const run = system.spawn(runActor, args, { name: ids.runId });
    const timeoutMs = (prepared.value.plan.budget?.wallMs ?? LIMITS.runWallMs) + GRACE_MS;
    const running = { ref: run, tenant };
    parts.running?.add(running);
    const answer = await system.ask(run, 'start', undefined, {
      timeoutMs,
      ...(context ? { trace: context } : {}),
    });
    parts.running?.delete(running);
    if (parts.effects)
      system.tell(parts.effects, 'runEnded', { tenant: args.tenant, run: ids.runId });
    if (answer.kind !== 'answered') return failed(answer.error);
    const lost = await recorder.settled();
    return lost ? failed(lost) : answer.value;
  } catch (thrown) {
    return failed(errorOf(thrown));
  }
}

/** What a listener throws is its own affair: the run goes on. */
function tell(onEvent: (event: RunEvent) => void, event: RunEvent, { log }: ActorSystem): void {
  try {
    onEvent(event);
  } catch (thrown) {
    log.warn('a listener of run events threw', { type: event.type, thrown: reasonOf(thrown) });
  }
}

/**
 * Events go to the journal in order; the run is done when the last of them is as durable as the journal makes it. Each expects the
 * one before it: after one that was refused there is none, so that a story may end early but has no gap.
 */
function recordTo(journal: Journal, runId: RunId, onEvent: (event: RunEvent) => void) {
  const appends: Promise<Result<unknown>>[] = [];
  return {
    emit: (event: RunEvent): void => {
      const { type, ...body } = event;
      const recorded = [{ type, body: bounded(body) }];
      const expectedStreamSequence = appends.length;
      appends.push(journal.append(`run/${runId}`, recorded, { expectedStreamSequence }));
      onEvent(event);
    },
    settled: async (): Promise<SkeinError | undefined> => {
      const results = await Promise.all(appends);
      const failed = results.find((result) => !result.ok);
      return failed && !failed.ok ? failed.error : undefined;
    },
  };
}

/** An event that would not fit keeps its shape without the value; its size says what is missing. */
function bounded(body: object): Json {
  const text = JSON.stringify(body);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= LIMITS.journalEventBytes / 2) return JSON.parse(text) as Json;
  return { omittedBytes: sizeBytes };
}

async function prepare(
  request: ExecuteRequest,
  { registry, policy, hasPolicyFile, findElsewhere }: ExecuteParts,
): Promise<Result<Prepared>> {
  const { target, profile } = request;
  const plan = planOf(request);
  if (!plan.ok) return plan;
  const base =
    target.kind === 'plan-text' && target.file !== undefined ? dirname(target.file) : process.cwd();
  const skills = new Map<string, SkillPackage>();
  for (const step of plan.value.steps) {
    if (step.place && !findElsewhere) {
      const reason = `step ${step.id} has a place, and this node is in no cluster`;
      return failure('DELEGATION_FAILED', { skill: step.skill, reason });
    }
    const held = await findSkill(step.skill, base, registry);
    const isMissing = !held.ok && held.error.code === 'SKILL_NOT_FOUND';
    const found = isMissing ? await findElsewhere?.(step.skill) : held;
    const skill = found?.ok ? found : held;
    if (!skill.ok) return skill;
    skills.set(step.skill, skill.value);
  }
  const isLeftToPolicy =
    hasPolicyFile?.() === true && plan.value.grants === undefined && request.grants === undefined;
  return success({
    plan: plan.value,
    input: mergeInput(plan.value.input, request.input),
    skills,
    terms: {
      grants: isLeftToPolicy
        ? 'to-policy'
        : { ...grantsFrom(plan.value.grants), ...request.grants },
      ceilings: [policy, profile].filter((ceiling) => ceiling !== undefined),
    },
  });
}

function planOf({ target }: ExecuteRequest): Result<Plan> {
  switch (target.kind) {
    case 'plan-text':
      return readPlan(target.text, target.file);
    case 'plan':
      return checkPlan(target.plan);
    case 'skill':
      return checkPlan({
        plan: target.skill.slice(0, 200),
        steps: [{ id: 'call', skill: target.skill.slice(0, 200), input: '${input}' }],
      });
  }
}

/** A word with a slash is a folder; anything else is looked up in the registry. */
async function findSkill(
  wanted: string,
  base: string,
  registry: SkillRegistry,
): Promise<Result<SkillPackage>> {
  if (!wanted.includes('/') && !wanted.startsWith('.')) return registry.find(wanted);
  return loadSkillPackage(isAbsolute(wanted) ? wanted : resolve(base, wanted));
}

const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mergeInput = (fromPlan: unknown, given: Json | undefined): Json => {
  if (given === undefined) return (fromPlan ?? {}) as Json;
  return isObject(fromPlan) && isObject(given) ? { ...fromPlan, ...given } : given;
};
