/** A real sandbox for case files whose world is played: the guest's own `ctx`, the gate and the bodies, with effects of the runner. */
import {
  type CapabilityGrants,
  type CorrelationId,
  DEFAULT_RESOURCES,
  DEFAULT_TENANT,
  type Json,
  type Result,
} from '../src/contracts/index.ts';
import { realPorts, realProcesses } from '../src/host/index.ts';
import {
  grantsPolicy,
  type HostCallEvent,
  type HostEffects,
  startSandbox,
} from '../src/sandbox/index.ts';

export interface PlayedCase {
  /** The body of a handler `(input, ctx)`. */
  readonly body: string;
  readonly input: Json;
  readonly grants: CapabilityGrants;
  readonly effects: HostEffects;
}

export interface Played {
  readonly result: Result<Json>;
  readonly events: readonly HostCallEvent[];
}

export interface CaseVerdict {
  readonly id: string;
  readonly class: string;
  readonly expected: string;
  readonly got: 'allow' | 'deny' | 'breach' | 'broken';
  readonly code: string;
  readonly passed: boolean;
  readonly note: string;
}

export async function caseSandbox() {
  const sandbox = await startSandbox({ ports: realPorts, processes: realProcesses });
  if (!sandbox.ok) throw new Error(sandbox.error.message);
  const leased = await sandbox.value.lease(DEFAULT_TENANT);
  if (!leased.ok) throw new Error(leased.error.message);
  const host = leased.value;
  const play = async ({ body, input, grants, effects }: PlayedCase): Promise<Played> => {
    const events: HostCallEvent[] = [];
    const source = `export default async function handler(input, ctx) {\n${body}\n}`;
    const manifest = {
      name: 'case',
      version: '1.0.0',
      description: 'A case.',
      input: true,
      output: true,
    };
    const { result } = await host.run({
      skill: { manifest, source, contentHash: '0'.repeat(64) },
      tenant: DEFAULT_TENANT,
      input,
      resources: { ...DEFAULT_RESOURCES, wallMs: 20_000 },
      grants,
      policy: grantsPolicy(grants),
      seed: 'case',
      startWallMs: 1_700_000_000_000,
      correlationId: 'c'.repeat(32) as CorrelationId,
      attempt: 1,
      effects,
      onHostCall: (event) => void events.push(event),
    });
    return { result, events };
  };
  return { play, close: () => sandbox.value.close() };
}

/** A refusal is one of these; any other end means that the case was not played. */
const REFUSALS = /^(PATH_|FILE_|EGRESS_|HTTP_|CAPABILITY_DENIED$|HOST_CALL_)/;

export function verdictOf(result: Result<Json>): 'allow' | 'deny' | 'broken' {
  if (result.ok) return (result.value as { none?: boolean }).none ? 'deny' : 'allow';
  return REFUSALS.test(result.error.code) ? 'deny' : 'broken';
}

/** Prints each verdict and the sum. @returns the exit code */
export function reportVerdicts(verdicts: readonly CaseVerdict[], isJson: boolean): number {
  for (const verdict of verdicts) {
    const { id, passed, got, code, note } = verdict;
    const mark = passed ? 'ok  ' : 'MISS';
    const line = `${mark} ${id.padEnd(10)} ${got.padEnd(7)} ${code.padEnd(20)} ${note}`;
    process.stdout.write(`${isJson ? JSON.stringify(verdict) : line}\n`);
  }
  const failed = verdicts.filter(({ passed }) => !passed).map(({ id }) => id);
  const breaches = verdicts.filter(({ got }) => got === 'breach' || got === 'broken').length;
  const summary = {
    total: verdicts.length,
    passed: verdicts.length - failed.length,
    failed,
    breaches,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return failed.length + breaches > 0 ? 1 : 0;
}
