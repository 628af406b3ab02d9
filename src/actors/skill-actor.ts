/**
 * One skill of one tenant on one thread. It owns one sandbox host process at a time and runs one call at a time in it; its
 * mailbox is the queue. A host that dies by anything but a limit of the skill makes the actor fail with the typed exit, so
 * that its supervisor sees it.
 */
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Processes } from '../contracts/index.ts';
import {
  describeSandboxExit,
  failure,
  NO_USAGE,
  type Result,
  type SandboxExit,
  type SkillPackage,
  type TenantId,
  type TraceContext,
} from '../contracts/index.ts';
import { type HttpClient, realHttpClient, realProcesses } from '../host/index.ts';
import {
  type ActorContext,
  ActorExit,
  type ActorRef,
  type ActorSystem,
  defineActor,
  parentContext,
  traceOf,
} from '../kernel/index.ts';
import {
  type HostCallEvent,
  type HostEffects,
  type HostProcess,
  type LogLine,
  type RunReport,
  type Sandbox,
  type SandboxSettings,
  SecretStore,
  type Secrets,
  startSandbox,
  tierOf,
  type WorkspaceOwner,
} from '../sandbox/index.ts';
import { remoteFiles, remoteServices } from './effects-actor.ts';
import type { Execution, ExecutionRequest } from './execution.ts';
import { remoteKeyValue } from './kv-actor.ts';
import { runPolicyOf, type SkillPolicy } from './policy/policy-agent.ts';
import { resourcesOf } from './resources.ts';

export interface SkillActorArgs {
  readonly skill: SkillPackage;
  readonly tenant: TenantId;
  readonly kv: ActorRef;
  /** What else there is for skills on this node. */
  readonly effects?: ActorRef;
  /** The operator's file of secrets. Each thread reads it: no message has a value in it. */
  readonly secretsFile?: string;
  readonly warmHosts: number;
  readonly sandbox?: SandboxSettings;
  /** Without one everything is denied. */
  readonly policy?: SkillPolicy;
}

interface SkillState extends SkillActorArgs {
  host: HostProcess | undefined;
}

const IDLE_MS = 30_000;

export const skillActor = defineActor({
  kind: 'skill',
  initial: (args: SkillActorArgs): SkillState => ({ ...args, host: undefined }),
  receive: {
    invoke: async (state, request: ExecutionRequest, ctx): Promise<Execution> => {
      const host = await leaseHost(state, ctx.system);
      if (!host.ok) return refused(host, request, ctx.self.thread);
      const report = await runTraced(state, host.value, request, ctx);
      if (report.exit) ctx.tell(ctx.self, 'hostDied', report.exit);
      return { ...report, thread: ctx.self.thread };
    },
    hostDied: (state, exit: SandboxExit) => {
      state.host = undefined;
      if (isOwnLimit(exit)) return;
      throw new ActorExit({ kind: 'sandbox', exit }, `sandbox host: ${describeSandboxExit(exit)}`);
    },
    pid: (state) => state.host?.pid ?? null,
  },
  signals: {
    restarting: (state) => state?.host?.dispose(),
    stopped: (state) => state?.host?.dispose(),
    passivated: (state) => state.host?.dispose(),
  },
  passivateAfterIdleMs: IDLE_MS,
});
export default skillActor;

/** A limit that the skill ran into ends its host too, but says nothing about the machine. */
const isOwnLimit = (exit: SandboxExit): boolean =>
  exit.kind !== 'native-abort' &&
  exit.kind !== 'killed' &&
  exit.kind !== 'protocol' &&
  exit.kind !== 'start-failed';

/** The sandbox of this thread, started with the first skill that needs it; `processes` counts for whoever comes first. */
export function sandboxOf(
  system: ActorSystem,
  warmHosts: number,
  settings: SandboxSettings = {},
  processes: Processes = realProcesses,
): Promise<Result<Sandbox>> {
  return system.extension('sandbox', () => {
    const { level = 'best' } = settings;
    const started = startSandbox({ ports: system, processes, warmHosts, level });
    const close = async () => {
      const sandbox = await started;
      if (sandbox.ok) await sandbox.value.close();
    };
    return { value: started, close };
  });
}

/** What the skills of this thread reach the network by; `client` counts for whoever comes first. */
export function httpClientOf(system: ActorSystem, client: HttpClient = realHttpClient): HttpClient {
  return system.extension('http', () => ({ value: client, close: async () => undefined }));
}

/** Those of this thread, read when a skill first needs one. */
function secretsOf(system: ActorSystem, file: string | undefined): Secrets {
  const sources = { env: process.env, ...(file === undefined ? {} : { file }) };
  return system.extension('secrets', () => ({
    value: new SecretStore(sources),
    close: async () => undefined,
  }));
}

async function leaseHost(state: SkillState, system: ActorSystem): Promise<Result<HostProcess>> {
  if (state.host?.isAlive()) return { ok: true, value: state.host };
  const sandbox = await sandboxOf(system, state.warmHosts, state.sandbox);
  if (!sandbox.ok) return sandbox;
  const { manifest } = state.skill;
  const tier = tierOf(manifest.name, state.sandbox);
  const leased = await sandbox.value.lease(state.tenant, resourcesOf(manifest), tier);
  state.host = leased.ok ? leased.value : undefined;
  return leased;
}

async function runTraced(
  state: SkillState,
  host: HostProcess,
  request: ExecutionRequest,
  ctx: ActorContext,
): Promise<RunReport> {
  const { skill } = state;
  const { name, version } = skill.manifest;
  const { correlationId, clock } = ctx;
  const parent = ctx.trace;
  const attributes = {
    'skein.skill': `${name}@${version}`,
    'skein.attempt': request.attempt,
    'skein.replay': request.tape !== undefined,
  };
  const span = parent?.sampled
    ? trace
        .getTracer('skein')
        .startSpan(
          `sandbox call ${name}`,
          { startTime: clock.wallMs(), attributes },
          parentContext(parent),
        )
    : undefined;
  const policy = await runPolicyOf(ctx.system, state.policy, request);
  const report = await host.run({
    skill,
    tenant: state.tenant,
    correlationId,
    effects: {
      http: httpClientOf(ctx.system),
      keyValue: remoteKeyValue(state.kv, ctx.detached()),
      ...effectsOf(state, request, ctx),
      secrets: secretsOf(ctx.system, state.secretsFile),
      random: ctx.system.random,
      clock,
      log: (line) => writeLine(line, ctx),
    },
    ...(span ? { onHostCall: (event: HostCallEvent) => recordHostCall(event, traceOf(span)) } : {}),
    ...request,
    ...(policy ? { policy } : {}),
  });
  if (state.effects && request.entry?.kind === 'actor') {
    ctx.tell(state.effects, 'runEnded', workspaceOf(state, request));
  }
  if (span) {
    if (!report.result.ok) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: report.result.error.message });
      span.setAttribute('skein.error', report.result.error.code);
    }
    span.setAttribute('skein.cpu_ms', report.usage.cpuMs);
    span.end(clock.wallMs());
  }
  return report;
}

/** The calls of a run share a workspace: they are named `run/step/index`. The turn of an actor is a run of its own. */
function workspaceOf({ tenant }: SkillState, { task, entry }: ExecutionRequest): WorkspaceOwner {
  const [run = ''] = entry?.kind === 'actor' ? [task] : (task?.split('/') ?? []);
  return { tenant, run };
}

function effectsOf(state: SkillState, request: ExecutionRequest, ctx: ActorContext): HostEffects {
  const { effects } = state;
  if (!effects) return {};
  const owner = workspaceOf(state, request);
  const send = ctx.detached();
  const files = owner.run === '' ? {} : { files: remoteFiles(effects, owner, send) };
  return { ...remoteServices(effects, send), ...files };
}

function recordHostCall(
  { name, startWallMs, endWallMs, ok, detail }: HostCallEvent,
  parent: TraceContext,
): void {
  const options = { startTime: startWallMs, attributes: { 'skein.detail': detail } };
  const span = trace
    .getTracer('skein')
    .startSpan(`host call ${name}`, options, parentContext(parent));
  if (!ok) span.setStatus({ code: SpanStatusCode.ERROR, message: detail });
  span.end(endWallMs);
}

function writeLine(line: LogLine, ctx: ActorContext): void {
  const { level, message, ...fields } = line;
  ctx.log[level](message, { ...fields });
}

const refused = (
  result: Result<never> | Result<HostProcess>,
  request: ExecutionRequest,
  thread: string,
): Execution => ({
  result: result.ok ? failure('INTERNAL', { reason: 'a lease without a host' }) : result,
  usage: NO_USAGE,
  tape: request.tape ?? { seed: request.seed, startWallMs: request.startWallMs, effects: [] },
  limitTouched: false,
  thread,
});
