/**
 * A supervisor: an ordinary actor that starts children by their specs and acts on their failures by its strategy. The
 * decisions are pure functions in `strategy.ts` and `restart-intensity.ts`; this file carries them out.
 */
import {
  describeExit,
  type ExitReason,
  LIMITS,
  type SkeinError,
  skeinError,
} from '../contracts/index.ts';
import { type ActorContext, type ActorRef, type ChildExit, defineActor } from '../kernel/index.ts';
import { backoffDelayMs } from '../transport/index.ts';
import type { ChildSpec } from './child-spec.ts';
import { judgeRestart } from './restart-intensity.ts';
import { affectedBy, DEFAULT_STRATEGY, type Strategy } from './strategy.ts';

export interface SupervisorArgs {
  readonly strategy?: Strategy;
  readonly children?: readonly ChildSpec[];
}

interface Supervised {
  readonly spec: ChildSpec;
  readonly ref: ActorRef;
  restarts: number;
}

export interface FailureReport {
  readonly atMs: number;
  readonly child: string;
  readonly reason: string;
  readonly action: string;
}

export interface SupervisorReport {
  readonly children: readonly {
    readonly name: string;
    readonly address: string;
    readonly restarts: number;
  }[];
  /** The newest failures, oldest first, LIMITS.failureReports at most. */
  readonly failures: readonly FailureReport[];
  readonly totalRestarts: number;
}

interface SupervisorState {
  readonly strategy: Strategy;
  readonly children: Map<string, Supervised>;
  readonly failures: FailureReport[];
  recentRestartsMs: readonly number[];
  totalRestarts: number;
}

export const supervisor = defineActor({
  kind: 'supervisor',
  initial: (args: SupervisorArgs, ctx): SupervisorState => {
    const state: SupervisorState = {
      strategy: args.strategy ?? DEFAULT_STRATEGY,
      children: new Map(),
      failures: [],
      recentRestartsMs: [],
      totalRestarts: 0,
    };
    for (const spec of args.children ?? []) startChild(state, spec, ctx);
    return state;
  },
  receive: {
    startChild: (state, spec: ChildSpec, ctx): ActorRef => startChild(state, spec, ctx),
    /** Ends a child for good; its spec is forgotten. Answers whether there was one. */
    stopChild: (state, name: string, ctx): boolean => {
      const child = state.children.get(name);
      if (!child) return false;
      state.children.delete(name);
      ctx.stop(child.ref);
      return true;
    },
    report: (state): SupervisorReport => ({
      children: Array.from(state.children.values(), ({ spec, ref, restarts }) => ({
        name: spec.name,
        address: ref.address,
        restarts,
      })),
      failures: [...state.failures],
      totalRestarts: state.totalRestarts,
    }),
    /** Sent by a backoff timer. */
    restartNow: (
      state,
      order: { readonly names: readonly string[]; readonly reason: ExitReason },
      ctx,
    ) => restart(state, order.names, order.reason, ctx),
  },
  signals: {
    childFailed: (state, exit, ctx) => {
      const child = state.children.get(exit.child.name);
      if (!child) return ctx.stop(exit.child);
      if (child.spec.restart === 'temporary') return giveUp(state, child, exit, ctx);
      actOnFailure(state, child, exit, ctx);
    },
    childStopped: (state, exit, ctx) => {
      const child = state.children.get(exit.child.name);
      if (!child || child.ref.incarnation !== exit.child.incarnation) return;
      state.children.delete(exit.child.name);
      const type = child.spec.restart ?? 'permanent';
      if (type !== 'permanent' || exit.reason.kind === 'shutdown') return;
      if (!countRestart(state, exit, ctx)) return;
      report(state, exit, 'started again', ctx);
      startChild(state, child.spec, ctx, child.restarts + 1);
    },
  },
});

function startChild(
  state: SupervisorState,
  spec: ChildSpec,
  ctx: ActorContext,
  restarts = 0,
): ActorRef {
  const { name, actor } = spec;
  const ref =
    'definition' in actor
      ? ctx.spawn(actor.definition, actor.args, { name })
      : ctx.spawnOn(actor.module, actor.args, { name, thread: actor.thread });
  state.children.set(name, { spec, ref, restarts });
  return ref;
}

function actOnFailure(
  state: SupervisorState,
  child: Supervised,
  exit: ChildExit,
  ctx: ActorContext,
): void {
  const directive = state.strategy.decide?.(exit.reason) ?? 'restart';
  switch (directive) {
    case 'resume':
      report(state, exit, 'resumed', ctx);
      return ctx.resumeChild(child.ref);
    case 'stop':
      return giveUp(state, child, exit, ctx);
    case 'escalate':
      report(state, exit, 'escalated', ctx);
      return ctx.escalate(exit.reason);
    case 'restart': {
      if (!countRestart(state, exit, ctx)) return;
      const names = affectedBy(state.strategy.scope, [...state.children.keys()], child.spec.name);
      return restartAfterBackoff(state, names, exit, ctx);
    }
  }
}

function restartAfterBackoff(
  state: SupervisorState,
  names: readonly string[],
  exit: ChildExit,
  ctx: ActorContext,
): void {
  const { backoff } = state.strategy;
  if (!backoff) {
    report(state, exit, `restarted ${names.join(', ')}`, ctx);
    return restart(state, names, exit.reason, ctx);
  }
  const delayMs = backoffDelayMs(backoff, state.recentRestartsMs.length, ctx.random);
  report(state, exit, `restarts ${names.join(', ')} in ${Math.round(delayMs)} ms`, ctx);
  ctx.after(`restart ${exit.child.name}`, delayMs, 'restartNow', { names, reason: exit.reason });
}

function restart(
  state: SupervisorState,
  names: readonly string[],
  reason: ExitReason,
  ctx: ActorContext,
): void {
  for (const name of names) {
    const child = state.children.get(name);
    if (!child) continue;
    child.restarts++;
    state.totalRestarts++;
    ctx.restartChild(child.ref, reason);
  }
}

/** @returns whether another restart is within the intensity; when not, the failure has been dealt with. */
function countRestart(state: SupervisorState, exit: ChildExit, ctx: ActorContext): boolean {
  const { intensity, whenExhausted = 'escalate' } = state.strategy;
  const verdict = judgeRestart(state.recentRestartsMs, ctx.clock.monotonicMs(), intensity);
  if (verdict.kind === 'restart') {
    state.recentRestartsMs = verdict.recent;
    return true;
  }
  const error: SkeinError = skeinError('RESTART_INTENSITY_EXCEEDED', {
    supervisor: ctx.self.address,
    ...intensity,
    reason: describeExit(exit.reason),
  });
  const child = state.children.get(exit.child.name);
  if (whenExhausted === 'stop') {
    if (child) giveUp(state, child, exit, ctx);
  } else {
    report(state, exit, 'escalated: too many restarts', ctx);
    ctx.escalate({ kind: 'failed', error });
  }
  return false;
}

function giveUp(
  state: SupervisorState,
  child: Supervised,
  exit: ChildExit,
  ctx: ActorContext,
): void {
  report(state, exit, 'stopped', ctx);
  state.children.delete(child.spec.name);
  ctx.stop(child.ref);
}

function report(state: SupervisorState, exit: ChildExit, action: string, ctx: ActorContext): void {
  const reason = describeExit(exit.reason);
  const atMs = ctx.clock.wallMs();
  state.failures.push({ atMs, child: exit.child.name, reason, action });
  if (state.failures.length > LIMITS.failureReports) state.failures.shift();
  ctx.log.warn('a supervised actor ended', { actor: exit.child.address, reason, action });
}
