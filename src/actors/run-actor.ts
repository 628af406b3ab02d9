/**
 * One run of a plan: it starts every step whose needs are met, collects outputs, keeps to the budget, and ends with one
 * outcome. After a failure nothing new is started; what runs is waited for, what depends on it is skipped.
 */
import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  addUsage,
  type Budget,
  type CorrelationId,
  errorOf,
  type Json,
  LIMITS,
  NO_USAGE,
  type Plan,
  type Result,
  type RunId,
  type SkeinError,
  type SkillPackage,
  type Step,
  type StructuredOutcome,
  skeinError,
  type TenantId,
  type TraceContext,
  type Usage,
} from '../contracts/index.ts';
import {
  type ActorContext,
  type ActorRef,
  defineActor,
  parentContext,
  traceOf,
} from '../kernel/index.ts';
import { dependenciesOf } from './plan-graph.ts';
import { resolveReferences } from './references.ts';
import type { ContractTerms } from './resources.ts';
import type { RunFrame } from './run-call.ts';
import type { RunEvent } from './run-events.ts';
import { runStep } from './run-step.ts';

export interface RunArgs {
  readonly runId: RunId;
  readonly correlationId: CorrelationId;
  readonly plan: Plan;
  readonly input: Json;
  readonly skills: ReadonlyMap<string, SkillPackage>;
  readonly tenant: TenantId;
  readonly terms: ContractTerms;
  readonly pool: ActorRef;
  readonly verifier: ActorRef;
  readonly approvals?: ActorRef | undefined;
  readonly emit: (event: RunEvent) => void;
}

interface RunState extends RunArgs {
  readonly outputs: Record<string, Json>;
  readonly waiting: Set<string>;
  readonly running: Set<string>;
  readonly startMs: number;
  usage: Usage;
  attempts: number;
  failed: { readonly error: SkeinError; readonly step?: string } | undefined;
  finish: (outcome: StructuredOutcome) => void;
}

interface StepDone {
  readonly step: Step;
  readonly result: Result<Json>;
  readonly startMs: number;
}

export const runActor = defineActor({
  kind: 'run',
  initial: (args: RunArgs, ctx: ActorContext): RunState => ({
    ...args,
    outputs: {},
    waiting: new Set(args.plan.steps.map((step) => step.id)),
    running: new Set(),
    startMs: ctx.clock.monotonicMs(),
    usage: NO_USAGE,
    attempts: 0,
    failed: undefined,
    finish: () => undefined,
  }),
  receive: {
    start: (state, _none: void, ctx) => {
      const { promise, resolve } = Promise.withResolvers<StructuredOutcome>();
      state.finish = resolve;
      const { runId, correlationId, plan } = state;
      state.emit({
        type: 'run.started',
        runId,
        correlationId,
        plan: plan.plan,
        steps: plan.steps.length,
        budget: plan.budget ?? {},
      });
      ctx.after('wall', plan.budget?.wallMs ?? LIMITS.runWallMs, 'wallExceeded');
      startReady(state, ctx);
      return ctx.replyLater(promise);
    },
    stepDone: (state, { step, result, startMs }: StepDone, ctx) => {
      state.running.delete(step.id);
      if (result.ok) {
        state.outputs[step.id] = result.value;
        state.emit({
          type: 'step.succeeded',
          step: step.id,
          elapsedMs: ctx.clock.monotonicMs() - startMs,
        });
      } else {
        state.failed ??= { error: result.error, step: step.id };
        state.emit({ type: 'step.failed', step: step.id, error: result.error });
      }
      startReady(state, ctx);
    },
    /** The kill switch was thrown: the run ends now, and what its steps still bring is nobody's. */
    halt: (state, error: SkeinError, ctx) => {
      state.failed ??= { error };
      complete(state, ctx);
    },
    wallExceeded: (state, _none: void, ctx) => {
      const limit = state.plan.budget?.wallMs ?? LIMITS.runWallMs;
      state.failed ??= {
        error: skeinError('BUDGET_EXCEEDED', { budget: 'elapsed time', limit, unit: 'ms' }),
      };
      complete(state, ctx);
    },
  },
});

function startReady(state: RunState, ctx: ActorContext): void {
  if (!state.failed) {
    for (const step of state.plan.steps) {
      const isReady =
        state.waiting.has(step.id) &&
        dependenciesOf(step).every((id) => Object.hasOwn(state.outputs, id));
      if (isReady) startStep(state, step, ctx);
    }
  }
  if (state.running.size === 0) complete(state, ctx);
}

function startStep(state: RunState, step: Step, ctx: ActorContext): void {
  state.waiting.delete(step.id);
  state.running.add(step.id);
  const skill = state.skills.get(step.skill) as SkillPackage;
  const span = ctx.trace?.sampled ? startSpan(step, ctx) : undefined;
  const startMs = ctx.clock.monotonicMs();
  const scope = { input: state.input, steps: state.outputs };
  const run = { step, skill, scope, trace: span ? traceOf(span) : ctx.trace };
  // A step that rejects is a defect of Skein; the run ends with it instead of waiting for ever.
  const settled = runStep(run, frameOf(state, ctx)).catch(
    (thrown): Result<Json> => ({ ok: false, error: errorOf(thrown) }),
  );
  const work = settled.then((result): StepDone => {
    if (!result.ok) span?.setStatus({ code: SpanStatusCode.ERROR, message: result.error.message });
    span?.end(ctx.clock.wallMs());
    return { step, result, startMs };
  });
  ctx.pipeToSelf(work, 'stepDone');
}

const startSpan = (step: Step, ctx: ActorContext) =>
  trace
    .getTracer('skein')
    .startSpan(
      `step ${step.id}`,
      { startTime: ctx.clock.wallMs(), attributes: { 'skein.skill': step.skill } },
      parentContext(ctx.trace as TraceContext),
    );

function frameOf(state: RunState, ctx: ActorContext): RunFrame {
  const { pool, verifier, approvals, runId, tenant, terms, emit } = state;
  return {
    system: ctx.system,
    pool,
    verifier,
    approvals,
    runId,
    tenant,
    terms,
    emit,
    charge: (usage) => {
      state.usage = addUsage(state.usage, usage);
      state.attempts++;
      return overBudget(state.plan.budget, state.usage, state.attempts);
    },
    stopped: () => state.failed && skeinError('RUN_CANCELLED', { reason: 'another step failed' }),
  };
}

function overBudget(
  budget: Budget | undefined,
  usage: Usage,
  attempts: number,
): SkeinError | undefined {
  const spent = [
    ['cpuMs', usage.cpuMs, 'ms'],
    ['egressBytes', usage.egressBytes, 'bytes'],
    ['attempts', attempts, 'attempts'],
  ] as const;
  for (const [name, used, unit] of spent) {
    const limit = budget?.[name];
    if (limit !== undefined && used > limit)
      return skeinError('BUDGET_EXCEEDED', { budget: name, limit, unit, used });
  }
  return undefined;
}

function complete(state: RunState, ctx: ActorContext): void {
  for (const id of state.waiting) {
    const because = state.failed?.step ? `step ${state.failed.step} failed` : 'the run ended';
    state.emit({ type: 'step.skipped', step: id, because });
  }
  const outcome = outcomeOf(state, ctx);
  state.emit({ type: 'run.completed', outcome });
  state.finish(outcome);
  ctx.stop();
}

function outcomeOf(state: RunState, ctx: ActorContext): StructuredOutcome {
  const { runId, correlationId, attempts, usage, plan, outputs, input } = state;
  const facts = {
    runId,
    correlationId,
    attempts,
    usage,
    elapsedMs: ctx.clock.monotonicMs() - state.startMs,
  };
  if (state.failed) {
    const { error, step } = state.failed;
    return { ok: false, error, ...(step === undefined ? {} : { step }), ...facts };
  }
  const last = plan.steps.at(-1)?.id ?? '';
  const value = resolveReferences(plan.output ?? `\${steps["${last}"]}`, { input, steps: outputs });
  if (value.ok) return { ok: true, value: value.value, ...facts };
  const { reference, reason } = value;
  return {
    ok: false,
    error: skeinError('REFERENCE_UNRESOLVED', { step: 'output', reference, reason }),
    ...facts,
  };
}
