/** One run of a skill under test, from its fakes to what it gave: shared by the first run and by its replays. */
import { resourcesOf } from '../actors/index.ts';
import {
  type CapabilityGrants,
  type CorrelationId,
  DEFAULT_TENANT,
  failure,
  type Json,
  NO_USAGE,
  type Result,
  type SkillManifest,
  type Usage,
} from '../contracts/index.ts';
import {
  type EffectTape,
  grantsPolicy,
  type LogLine,
  type RunEntry,
  type RunReport,
  type RunRequest,
  type TapedEffect,
} from '../sandbox/index.ts';
import { packageOf } from '../skills/index.ts';
import { fakeEffects, type SkillFakes } from './fake-effects.ts';
import { loadHandler } from './load-handler.ts';
import { type HostedSkill, playHost, type SkillHandler } from './skill-host.ts';
import { type SteppedTime, steppedTime } from './stepped-time.ts';

/** All that a replay needs, and what it has to come to. Plain JSON: it may be kept in a file. */
export interface SkillRecording {
  readonly manifest: SkillManifest;
  readonly input: Json;
  readonly grants: CapabilityGrants;
  readonly tape: EffectTape;
  readonly result: Result<Json>;
  /** SHA-256, hex, over the canonical bytes of the output; set when the result is ok. */
  readonly outputHash?: string;
}

export interface SkillRun {
  readonly result: Result<Json>;
  /** Host calls in the order of the calls, with arguments and answers. */
  readonly calls: readonly TapedEffect[];
  readonly lines: readonly LogLine[];
  /** What the store holds after the run, at most 1,000 keys. */
  readonly kv: Readonly<Record<string, Json>>;
  /** What the workspace holds after the run, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly tape: EffectTape;
  readonly outputHash?: string;
  /** `wallMs` is virtual; `cpuMs` and `heapPeakBytes` are 0: nobody measures them here. */
  readonly usage: Usage;
  /** What the skill threw, as it threw it, with its stack. */
  readonly thrown: unknown;
  readonly recording: SkillRecording;
}

export interface SkillExecution {
  readonly skill: SkillHandler | string;
  readonly manifest: SkillManifest;
  readonly input: Json;
  /** Default: the default export. */
  readonly entry?: RunEntry;
  readonly grants: CapabilityGrants;
  readonly fakes: SkillFakes;
  readonly seed: string;
  readonly startWallMs: number;
  readonly tape?: EffectTape;
}

const KEYS_MAX = 1_000;
const CORRELATION_ID = '0123456789abcdef0123456789abcdef' as CorrelationId;

let last: Promise<unknown> = Promise.resolve();

/** Runs wait for each other, since `Date` and `Math.random` of the process are the skill's meanwhile. */
export function runSkill(execution: SkillExecution): Promise<SkillRun> {
  const run = last.then(() => execute(execution));
  last = run.catch(() => undefined);
  return run;
}

/** @throws what a fake threw */
async function execute(execution: SkillExecution): Promise<SkillRun> {
  const { manifest, startWallMs, fakes, input, grants } = execution;
  const time = steppedTime(startWallMs);
  const space = `skill/${DEFAULT_TENANT}/${manifest.name}`;
  const { effects, store, lines, files, faults } = await fakeEffects(fakes, { space, time });
  const { report, thrown } = await host(execution, effects, time);
  if (faults.length > 0) throw faults[0];
  const { result, tape, usage, outputHash } = report;
  const hash = outputHash === undefined ? {} : { outputHash };
  const listed = await store.list(space, { limit: KEYS_MAX });
  return {
    result,
    calls: [...tape.effects].sort((a, b) => a.seq - b.seq),
    lines,
    kv: Object.fromEntries(listed.ok ? listed.value.map(({ key, value }) => [key, value]) : []),
    files: files.list(),
    tape,
    ...hash,
    usage,
    thrown,
    recording: { manifest, input, grants, tape, result, ...hash },
  };
}

async function host(
  execution: SkillExecution,
  effects: RunRequest['effects'],
  time: SteppedTime,
): Promise<HostedSkill> {
  const { skill, manifest, input } = execution;
  const resources = resourcesOf(manifest);
  const handler = await loadHandler(skill, manifest.name);
  if (!handler.ok) return { report: unstarted(execution, handler), thrown: undefined };
  const used = Buffer.byteLength(JSON.stringify(input));
  if (used > resources.inputBytes) {
    const limit = { limit: resources.inputBytes, unit: 'bytes', used };
    const report = unstarted(execution, failure('SKILL_INPUT_TOO_LARGE', limit));
    return { report, thrown: undefined };
  }
  const request = {
    skill: packageOf(manifest, typeof skill === 'string' ? skill : ''),
    tenant: DEFAULT_TENANT,
    input,
    resources,
    grants: execution.grants,
    policy: grantsPolicy(execution.grants),
    seed: execution.seed,
    startWallMs: execution.startWallMs,
    correlationId: CORRELATION_ID,
    attempt: 1,
    effects,
    ...(execution.tape ? { tape: execution.tape } : {}),
    ...(execution.entry ? { entry: execution.entry } : {}),
  };
  return playHost(handler.value, request, time);
}

const unstarted = ({ seed, startWallMs }: SkillExecution, result: Result<never>): RunReport => ({
  result,
  usage: NO_USAGE,
  tape: { seed, startWallMs, effects: [] },
  limitTouched: false,
});
