/** How the end of a run reads outside: the host's words and the process's death become typed results and exits. */
import {
  describeSandboxExit,
  type ErrorCode,
  type Failure,
  failure,
  type Json,
  type ProcessExit,
  type ResourceContract,
  type Result,
  type SandboxExit,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import { signalled } from './exit-status.ts';
import { ARGUMENT_BOUNDS, type Ending } from './host-frames.ts';
import { printable, printableLines } from './printable.ts';

export interface RunFacts {
  readonly skill: string;
  readonly resources: ResourceContract;
  /** The error that the node gave to a host call of this run. */
  readonly callError: (seq: number) => SkeinError | undefined;
}

type EndingOf<K extends Ending['kind']> = Extract<Ending, { kind: K }>;

export function resultOf(ending: Ending, facts: RunFacts): Result<Json> {
  const { skill } = facts;
  switch (ending.kind) {
    case 'value':
      return success(ending.value);
    case 'threw':
      return failure('SKILL_THREW', { skill, ...thrownText(ending) });
    case 'call-failed':
      return failedCall(ending, facts);
    case 'call-refused':
      return refusedCall(ending, facts);
    case 'refused':
      return failure('SKILL_REFUSED', { skill, reason: printable(ending.reason, 500) });
    case 'input-invalid':
      return failure('INPUT_INVALID', { of: skill, ...placeText(ending) });
    case 'output-invalid':
      return failure('SKILL_OUTPUT_INVALID', { skill, ...placeText(ending) });
    case 'output-too-large':
      return failure('SKILL_OUTPUT_TOO_LARGE', outputLimit(ending.unit, facts.resources));
    case 'never-settled':
      return failure('SKILL_NEVER_SETTLED', { skill });
    case 'limit':
      return limitFailure(ending.limit, facts.resources);
  }
}

const placeText = ({ pointer, found, expected }: EndingOf<'output-invalid' | 'input-invalid'>) => ({
  pointer: printable(pointer, 200),
  found: printable(found, 200),
  expected: printable(expected, 300),
});

const thrownText = ({ name, message, stack }: EndingOf<'threw'>) => ({
  name: printable(name, 100),
  message: printable(message, 2_000),
  ...(stack === undefined ? {} : { stack: printableLines(stack, 4_000) }),
});

/** The skill let the error of a host call through: it is that error, as the node itself knows it. */
function failedCall({ seq }: EndingOf<'call-failed'>, { skill, callError }: RunFacts): Failure {
  const error = callError(seq);
  if (error) return { ok: false, error };
  return failure('SKILL_THREW', { skill, name: 'HostError', message: `host call ${seq} failed` });
}

function refusedCall(ending: EndingOf<'call-refused'>, { resources }: RunFacts): Failure {
  const { code, capability } = ending;
  const reason = printable(ending.reason, 300);
  switch (code) {
    case 'LOG_EXCEEDED':
      return failure(code, { limit: resources.logBytes, unit: 'bytes' });
    case 'HOST_CALLS_EXCEEDED':
      return failure(code, callLimit(reason, resources));
    default:
      return failure(code, { capability, reason });
  }
}

/** Which of the bounds on calls the guest met, by its unit. */
function callLimit(reason: string, resources: ResourceContract) {
  const { hostCalls, hostCallsInFlight, hostCallsPerSecond } = resources;
  const inFlight = 'calls in flight';
  const aSecond = 'calls a second';
  const ofArguments = 'bytes of arguments';
  if (reason.endsWith(inFlight)) return { limit: hostCallsInFlight, unit: inFlight };
  if (reason.endsWith(aSecond)) return { limit: hostCallsPerSecond, unit: aSecond };
  if (reason.endsWith(ofArguments)) return { limit: ARGUMENT_BOUNDS.totalBytes, unit: ofArguments };
  return { limit: hostCalls, unit: 'calls' };
}

function outputLimit(unit: 'bytes' | 'levels' | 'values', resources: ResourceContract) {
  const limits = {
    bytes: resources.outputBytes,
    levels: resources.outputDepth,
    values: resources.outputNodes,
  };
  return { limit: limits[unit], unit };
}

export function limitFailure(
  limit: 'cpu' | 'wall' | 'heap',
  { cpuMs, wallMs, memoryMiB }: ResourceContract,
): Failure {
  switch (limit) {
    case 'cpu':
      return failure('SKILL_CPU_EXCEEDED', { limit: cpuMs, unit: 'ms' });
    case 'wall':
      return failure('SKILL_WALL_EXCEEDED', { limit: wallMs, unit: 'ms' });
    case 'heap':
      return failure('SKILL_HEAP_EXCEEDED', { limit: memoryMiB, unit: 'MiB' });
  }
}

/** The result of a run whose process is gone. */
export function exitFailure(exit: SandboxExit, { skill, resources }: RunFacts): Failure {
  switch (exit.kind) {
    case 'cpu':
    case 'wall':
    case 'heap':
      return limitFailure(exit.kind, resources);
    default:
      return failure('SANDBOX_DIED', { skill, exit: describeSandboxExit(exit) });
  }
}

const OUT_OF_MEMORY = /out of memory|heap limit|allocation failed|Failed to reserve/i;

/** Why a process that nobody killed is gone; V8 writes its last words to stderr. */
export function exitOfDeath(exit: ProcessExit, stderr: string): SandboxExit {
  const { exitCode, signal } = signalled(exit);
  if (OUT_OF_MEMORY.test(stderr)) return { kind: 'heap' };
  if (signal === 'SIGKILL' || signal === 'SIGTERM') return { kind: 'killed', signal };
  const note = printable(stderr.trim().split('\n', 1)[0] ?? '', 200);
  return { kind: 'native-abort', signal, exitCode, note };
}

export type Verdict = 'denied' | 'terminated' | 'contained' | 'harmless';

const VERDICTS: Partial<Record<ErrorCode, Verdict>> = {
  CAPABILITY_DENIED: 'denied',
  POLICY_DENIED: 'denied',
  APPROVAL_REQUIRED: 'denied',
  APPROVAL_REFUSED: 'denied',
  HOST_CALL_INVALID: 'denied',
  EGRESS_REFUSED: 'denied',
  SKILL_REFUSED: 'denied',
  INPUT_INVALID: 'denied',
  SKILL_INPUT_TOO_LARGE: 'denied',
  SKILL_OUTPUT_INVALID: 'denied',
  SKILL_OUTPUT_TOO_LARGE: 'denied',
  HOST_CALLS_EXCEEDED: 'terminated',
  LOG_EXCEEDED: 'terminated',
  SKILL_CPU_EXCEEDED: 'terminated',
  SKILL_WALL_EXCEEDED: 'terminated',
  SKILL_HEAP_EXCEEDED: 'terminated',
  SKILL_NEVER_SETTLED: 'terminated',
  SANDBOX_DIED: 'terminated',
};

/** What the wall did about an attack: refused it, ended it, let it run inside, or found nothing to do. */
export function classify(result: Result<Json>): Verdict {
  if (!result.ok) return VERDICTS[result.error.code] ?? 'contained';
  const { value } = result;
  return typeof value === 'string' && /^(absent|denied|refused)\b/.test(value)
    ? 'denied'
    : 'harmless';
}
