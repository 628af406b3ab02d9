/**
 * The pool of skill actors: for each skill and tenant a few on the worker threads, started when they are needed. It picks an
 * idle one, keeps replicas apart, queues what must wait, and supervises: a host that dies natively is counted against its
 * skill, and a skill that keeps dying is quarantined. A lost thread is nobody's fault and is not counted.
 */
import {
  type ExitReason,
  type Failure,
  failure,
  LIMITS,
  NO_USAGE,
  type SkeinError,
  type SkillPackage,
  type ThreadName,
} from '../contracts/index.ts';
import {
  type ActorContext,
  type ActorRef,
  type AskResult,
  defineActor,
  type RefOf,
} from '../kernel/index.ts';
import type { HaltJudge, SandboxSettings } from '../sandbox/index.ts';
import { judgeRestart, type RestartIntensity } from '../supervisor/index.ts';
import type { Execution, Invocation } from './execution.ts';
import type { SkillPolicy } from './policy/policy-agent.ts';
import type { skillActor } from './skill-actor.ts';

export interface SkillPoolArgs {
  readonly kv: ActorRef;
  /** What else there is for skills on this node. */
  readonly effects?: ActorRef;
  /** The operator's file of secrets. */
  readonly secretsFile?: string;
  /** Host processes kept ready on each thread. */
  readonly warmHosts: number;
  readonly sandbox?: SandboxSettings;
  /** Skill actors on one thread, over all skills and tenants. */
  readonly slotsPerThread: number;
  readonly quarantine?: RestartIntensity;
  /** Decides about every run and host call. Without one everything is denied. */
  readonly policy?: SkillPolicy;
  /** Of the policy that is in force now. */
  readonly policyGeneration?: () => number;
  /** Why no host process may get this skill now; asked before each call. Default: every skill runs. */
  readonly refusal?: (skill: SkillPackage) => Failure | undefined;
  /** What the kill switch lets run; default: all. */
  readonly halted?: HaltJudge;
}

interface Slot {
  readonly ref: RefOf<typeof skillActor>;
  readonly key: string;
  readonly skill: string;
  readonly tenant: string;
  /** Of the key-value store that its skill reaches. */
  readonly kv: string;
  isBusy: boolean;
  usedAtMs: number;
}

interface Waiting {
  readonly invocation: Invocation;
  readonly start: (slot: Slot) => void;
  readonly refuse: (execution: Execution) => void;
}

interface PoolState extends SkillPoolArgs {
  readonly slots: Set<Slot>;
  readonly deaths: Map<string, readonly number[]>;
  readonly quarantined: Map<string, number>;
  waiting: Waiting[];
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** Where a thread finds the actor of a skill. */
export const SKILL_ACTOR = { url: new URL(`./skill-actor${extension}`, import.meta.url).href };
/** With the third death within ten minutes a skill waits for as long. */
const QUARANTINE: RestartIntensity = { maxRestarts: 2, windowMs: 600_000 };
/** On top of the wall limit: lease of a fresh host, hops, queues. */
const GRACE_MS = 15_000;
/** Of one tenant: others find room in the queue. */
const WAITING_OF_ONE_MAX = LIMITS.mailboxCapacity / 2;
/** Times that one call may be moved from an actor that ends to another. */
const MOVES_MAX = 5;

export const skillPoolActor = defineActor({
  kind: 'skill-pool',
  initial: (args: SkillPoolArgs): PoolState => ({
    ...args,
    slots: new Set(),
    deaths: new Map(),
    quarantined: new Map(),
    waiting: [],
  }),
  receive: {
    invoke: (state, invocation: Invocation, ctx) => {
      const refused = state.refusal?.(invocation.skill);
      if (refused) return failedExecution(refused, invocation, '');
      const key = keyOf(invocation);
      const halted = state.halted?.(subjectOf(invocation));
      if (halted) return refusedBy(invocation, halted);
      const untilMs = state.quarantined.get(key) ?? 0;
      if (untilMs > ctx.clock.monotonicMs())
        return unavailable(invocation, `${key} is quarantined: its hosts died repeatedly`);
      state.quarantined.delete(key);
      if (state.waiting.length >= LIMITS.mailboxCapacity)
        return unavailable(invocation, 'too many calls wait');
      const { tenant: own } = invocation;
      if (
        state.waiting.filter((each) => each.invocation.tenant === own).length >= WAITING_OF_ONE_MAX
      )
        return unavailable(invocation, `too many calls of tenant ${own} wait`);
      const { ask, tell } = ctx.detached();
      const { promise, resolve } = Promise.withResolvers<Execution>();
      let moves = MOVES_MAX;
      const start = (slot: Slot): void => {
        const { skill, tenant, avoidThreads, place, kv, ...asked } = invocation;
        const policyGeneration = state.policyGeneration?.() ?? 0;
        const request = { ...asked, policyGeneration };
        const timeoutMs = request.resources.wallMs + GRACE_MS;
        const answer = ask(slot.ref, 'invoke', request, { timeoutMs });
        void answer.then((result) => {
          // A call that certainly was not run (its actor was ending) goes to another actor instead.
          if (result.kind === 'not-delivered' && --moves >= 0) tell(ctx.self, 'again', waiting);
          else resolve(executionOf(result, invocation, slot.ref.thread));
        });
        ctx.pipeToSelf(answer, 'slotFree', () => slot);
      };
      const waiting: Waiting = { invocation, start, refuse: resolve };
      state.waiting.push(waiting);
      assign(state, ctx);
      return ctx.replyLater(promise);
    },
    /** A call comes back: it stood first once, so it stands first again. */
    again: (state, waiting: Waiting, ctx) => {
      const { invocation, refuse } = waiting;
      const error = state.halted?.(subjectOf(invocation));
      if (error) return refuse(refusedBy(invocation, error));
      state.waiting.unshift(waiting);
      assign(state, ctx);
    },
    /** A call has ended, whatever its end. */
    slotFree: (state, slot: Slot, ctx) => {
      slot.isBusy = false;
      slot.usedAtMs = ctx.clock.monotonicMs();
      assign(state, ctx);
    },
    /** The kill switch was thrown: what waits is refused, and the actors of what may not run end. @returns how many */
    halt: (state, _none: void, ctx): number => {
      const { halted = () => undefined } = state;
      state.waiting = state.waiting.filter(({ invocation, refuse }) => {
        const error = halted(subjectOf(invocation));
        if (error) refuse(refusedBy(invocation, error));
        return !error;
      });
      const ending = [...state.slots].filter((slot) => halted(slot) !== undefined);
      for (const slot of ending) {
        slot.isBusy = true;
        ctx.stop(slot.ref);
      }
      return ending.length;
    },
    counts: (state) => ({
      slots: state.slots.size,
      busy: [...state.slots].filter((slot) => slot.isBusy).length,
      waiting: state.waiting.length,
      quarantined: [...state.quarantined.keys()],
    }),
  },
  signals: {
    childFailed: (state, exit, ctx) => {
      const slot = [...state.slots].find(({ ref }) => ref.incarnation === exit.child.incarnation);
      if (slot && isSkillsDoing(exit.reason)) countDeath(state, slot.key, ctx);
      ctx.system.logExit('a skill actor failed', exit);
      if (slot) state.slots.delete(slot);
      ctx.stop(exit.child);
      assign(state, ctx);
    },
    childStopped: (state, exit, ctx) => {
      for (const slot of state.slots) {
        if (slot.ref.incarnation === exit.child.incarnation) state.slots.delete(slot);
      }
      assign(state, ctx);
    },
  },
});

const keyOf = ({ skill, tenant }: Invocation): string =>
  `${skill.manifest.name}@${skill.manifest.version} ${skill.contentHash.slice(0, 12)} of tenant ${tenant}`;

const subjectOf = ({ skill, tenant }: Invocation) => ({ skill: skill.manifest.name, tenant });

const refusedBy = (invocation: Invocation, error: SkeinError): Execution =>
  failedExecution({ ok: false, error }, invocation, '');

/** A host that was killed from outside, or did not start, says nothing about the skill. */
const isSkillsDoing = (reason: ExitReason): boolean =>
  reason.kind === 'sandbox' &&
  (reason.exit.kind === 'native-abort' || reason.exit.kind === 'protocol');

/**
 * Starts what can be started: of the tenant first that has the least under way, else in the order it came, so that whoever floods the
 * queue waits behind everybody else. A call that finds no place lets later ones pass.
 */
function assign(state: PoolState, ctx: ActorContext): void {
  const busy = new Map<string, number>();
  for (const { tenant, isBusy } of state.slots)
    if (isBusy) busy.set(tenant, (busy.get(tenant) ?? 0) + 1);
  const underWay = ({ invocation }: Waiting): number => busy.get(invocation.tenant) ?? 0;
  const started = new Set<Waiting>();
  for (const each of state.waiting.toSorted((a, b) => underWay(a) - underWay(b))) {
    const { invocation, start } = each;
    const slot = idleSlot(state, invocation) ?? newSlot(state, invocation, ctx);
    if (!slot) continue;
    slot.isBusy = true;
    started.add(each);
    start(slot);
  }
  if (started.size > 0) state.waiting = state.waiting.filter((each) => !started.has(each));
}

function idleSlot(state: PoolState, invocation: Invocation): Slot | undefined {
  const key = keyOf(invocation);
  const { address: kv } = invocation.kv ?? state.kv;
  const idle = [...state.slots].filter(
    (slot) => !slot.isBusy && slot.key === key && slot.kv === kv,
  );
  const avoid = invocation.avoidThreads ?? [];
  return (
    idle.find((slot) => !avoid.includes(slot.ref.thread)) ??
    (avoid.length === 0 ? idle[0] : undefined)
  );
}

function newSlot(state: PoolState, invocation: Invocation, ctx: ActorContext): Slot | undefined {
  const thread = threadWithRoom(state, invocation.avoidThreads ?? [], ctx);
  if (thread === undefined) {
    retireIdle(state, invocation, ctx);
    return undefined;
  }
  const { skill, tenant, kv = state.kv } = invocation;
  const { warmHosts, effects, secretsFile, sandbox, policy } = state;
  const args = {
    ...{ skill, tenant, kv, warmHosts },
    ...(effects ? { effects } : {}),
    ...(secretsFile === undefined ? {} : { secretsFile }),
    ...(sandbox ? { sandbox } : {}),
    ...(policy ? { policy } : {}),
  };
  const ref = ctx.spawnOn(SKILL_ACTOR, args, { thread }) as Slot['ref'];
  const slot: Slot = {
    ref,
    key: keyOf(invocation),
    ...subjectOf(invocation),
    kv: kv.address,
    isBusy: false,
    usedAtMs: ctx.clock.monotonicMs(),
  };
  state.slots.add(slot);
  return slot;
}

/** The thread with the fewest slots, one that is not to be avoided before one that is. */
function threadWithRoom(
  state: PoolState,
  avoid: readonly string[],
  ctx: ActorContext,
): ThreadName | undefined {
  const { system } = ctx;
  const workers = system.remote.threads.filter((name) => name !== system.thread);
  const all = workers.length > 0 ? workers : [system.thread];
  const load = (thread: string) =>
    [...state.slots].filter((slot) => slot.ref.thread === thread).length;
  const cost = (thread: string) => (avoid.includes(thread) ? 1_000 : 0) + load(thread);
  return [...all]
    .sort((a, b) => cost(a) - cost(b))
    .find((thread) => load(thread) < state.slotsPerThread);
}

/** Makes room: the idle slot of another skill or store that was used longest ago goes. */
function retireIdle(state: PoolState, invocation: Invocation, ctx: ActorContext): void {
  const { address: kv } = invocation.kv ?? state.kv;
  const isOwn = (slot: Slot) => slot.key === keyOf(invocation) && slot.kv === kv;
  const idle = [...state.slots].filter((slot) => !slot.isBusy && !isOwn(slot));
  const [oldest] = idle.sort((a, b) => a.usedAtMs - b.usedAtMs);
  if (!oldest) return;
  oldest.isBusy = true;
  ctx.stop(oldest.ref);
}

function countDeath(state: PoolState, key: string, ctx: ActorContext): void {
  const limit = state.quarantine ?? QUARANTINE;
  const nowMs = ctx.clock.monotonicMs();
  forgetOld(state, nowMs, limit.windowMs);
  const verdict = judgeRestart(state.deaths.get(key) ?? [], nowMs, limit);
  if (verdict.kind === 'restart') state.deaths.set(key, verdict.recent);
  else {
    state.deaths.delete(key);
    state.quarantined.set(key, nowMs + limit.windowMs);
    ctx.log.error('a skill is quarantined: its hosts died repeatedly', { skill: key });
    const [refused, kept] = [
      state.waiting.filter((w) => keyOf(w.invocation) === key),
      state.waiting.filter((w) => keyOf(w.invocation) !== key),
    ];
    state.waiting = kept;
    for (const { refuse, invocation } of refused)
      refuse(unavailable(invocation, `${key} is quarantined`));
  }
}

/** What is no longer judged by would stay for ever, a line for each tenant and version. */
function forgetOld({ deaths, quarantined }: PoolState, nowMs: number, windowMs: number): void {
  for (const [key, diedAtMs] of deaths)
    if (nowMs - (diedAtMs.at(-1) ?? 0) >= windowMs) deaths.delete(key);
  for (const [key, untilMs] of quarantined) if (untilMs <= nowMs) quarantined.delete(key);
}

/** An ask that brought no answer is a failed execution with the ask's own error. */
function executionOf(
  answer: AskResult<Execution>,
  invocation: Invocation,
  thread: string,
): Execution {
  if (answer.kind === 'answered') return answer.value;
  return failedExecution({ ok: false, error: answer.error }, invocation, thread);
}

const unavailable = (invocation: Invocation, reason: string): Execution =>
  failedExecution(failure('SANDBOX_UNAVAILABLE', { reason }), invocation, '');

/** An execution that never was. */
export const failedExecution = (
  result: Failure,
  { seed, startWallMs }: Pick<Invocation, 'seed' | 'startWallMs'>,
  thread: string,
): Execution => ({
  result,
  usage: NO_USAGE,
  tape: { seed, startWallMs, effects: [] },
  limitTouched: false,
  thread,
});
