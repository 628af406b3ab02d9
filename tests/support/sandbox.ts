/** A sandbox with real host processes for the tests in `tests/security`, and one line to run hostile code in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CapabilityGrants,
  type CorrelationId,
  DEFAULT_RESOURCES,
  type Json,
  type ResourceContract,
  type SkillPackage,
  type TenantId,
} from '../../src/contracts/index.ts';
import { realClock, realProcesses, realTimers } from '../../src/host/index.ts';
import {
  classify,
  type EffectTape,
  grantsPolicy,
  type HostEffects,
  type HostProcess,
  type RunPolicy,
  type RunReport,
  type RunRequest,
  type Sandbox,
  startSandbox,
  type Tier,
} from '../../src/sandbox/index.ts';
import { until } from './until.ts';

export interface AttackOptions {
  readonly input?: Json;
  readonly tenant?: string;
  readonly resources?: Partial<ResourceContract>;
  readonly grants?: CapabilityGrants;
  readonly effects?: HostEffects;
  /** Default: what is granted is permitted. */
  readonly policy?: RunPolicy;
  readonly manifest?: Partial<SkillPackage['manifest']>;
  readonly seed?: string;
  readonly tape?: EffectTape;
  readonly onHostCall?: RunRequest['onHostCall'];
}

/** The text of a module whose default export has `body` as the body of an async function `(input, ctx)`. */
export const handlerOf = (body: string): string =>
  `export default async function handler(input, ctx) {\n${body}\n}`;

export const runRequest = (source: string, options: AttackOptions = {}): RunRequest => ({
  skill: {
    manifest: {
      name: 'attack',
      version: '1.0.0',
      description: 'An attack.',
      input: true,
      output: true,
      ...options.manifest,
    },
    source,
    contentHash: '0'.repeat(64),
  },
  tenant: (options.tenant ?? 'mallory') as TenantId,
  input: options.input ?? { i: 4 },
  resources: { ...DEFAULT_RESOURCES, ...options.resources },
  grants: options.grants ?? { log: true },
  seed: options.seed ?? 'seed',
  startWallMs: 1_700_000_000_000,
  correlationId: 'c'.repeat(32) as CorrelationId,
  attempt: 1,
  effects: options.effects ?? {},
  policy: options.policy ?? grantsPolicy(options.grants ?? { log: true }),
  ...(options.tape ? { tape: options.tape } : {}),
  ...(options.onHostCall ? { onHostCall: options.onHostCall } : {}),
});

export interface SandboxWorld {
  readonly sandbox: () => Sandbox;
  readonly lease: (tenant?: string, resources?: ResourceContract) => Promise<HostProcess>;
  /** Runs a module in a host of its own. */
  readonly attack: (source: string, options?: AttackOptions) => Promise<RunReport>;
}

/**
 * One sandbox for the tests of a file. Afterwards it proves what every attack must leave intact: another tenant still gets
 * right answers, no prototype of the node has changed, and no process is left.
 */
export function sandboxWorld(
  start: typeof startSandbox = startSandbox,
  tier: Tier = 'jit',
): SandboxWorld {
  let started: Sandbox | undefined;
  const pids = new Set<number>();
  const sandbox = (): Sandbox => {
    if (!started) throw new Error('the sandbox has not started');
    return started;
  };
  const lease: SandboxWorld['lease'] = async (tenant = 'mallory', resources) => {
    const leased = await sandbox().lease(tenant as TenantId, resources, tier);
    if (!leased.ok) throw new Error(leased.error.message);
    if (leased.value.pid !== undefined) pids.add(leased.value.pid);
    return leased.value;
  };
  const attack: SandboxWorld['attack'] = async (source, options = {}) => {
    const request = runRequest(source, options);
    const host = await lease(options.tenant, request.resources);
    const report = await host.run(request);
    host.dispose();
    return report;
  };
  beforeAll(async () => {
    const result = await start({
      ports: { clock: realClock, timers: realTimers },
      processes: realProcesses,
    });
    if (!result.ok) throw new Error(result.error.message);
    started = result.value;
  });
  afterAll(async () => {
    const report = await attack(handlerOf('return input.i + 1;'), { tenant: 'alice' });
    expect(report.result).toEqual({ ok: true, value: 5 });
    expect(Object.keys(Object.prototype)).toEqual([]);
    await sandbox().close();
    // Closing waits two seconds; a machine that is busy may take longer to end a process.
    await until('all hosts are gone', () => sandbox().hostCounts().living === 0);
    expect(sandbox().hostCounts()).toEqual({ living: 0, warm: 0 });
    for (const pid of pids) expect(isRunning(pid), `process ${pid}`).toBe(false);
  });
  return { sandbox, lease, attack };
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export type Verdict = ReturnType<typeof classify>;

export interface Attack {
  readonly name: string;
  /** The body of the handler, or, with `module`, the whole module. */
  readonly source: string;
  readonly module?: boolean;
  /** Verdicts that contain the attack. */
  readonly verdicts: readonly Verdict[];
  /** Codes that a failure may have; any that fits the verdict when left out. */
  readonly codes?: readonly string[];
  readonly options?: AttackOptions;
}

/** One test an attack: its verdict, its code, and that nothing it says claims an escape. */
export function testAttacks(world: SandboxWorld, attacks: readonly Attack[]): void {
  for (const { name, source, module, verdicts, codes, options } of attacks) {
    test(name, async () => {
      const lines: string[] = [];
      const effects = {
        log: (line: { message: string }) => void lines.push(line.message),
        ...options?.effects,
      };
      const text = module ? source : handlerOf(source);
      const report = await world.attack(text, { ...options, effects });
      const { result } = report;
      expect(verdicts, JSON.stringify(result).slice(0, 500)).toContain(classify(result));
      if (codes && !result.ok) expect(codes).toContain(result.error.code);
      expect(JSON.stringify([result, lines])).not.toContain('ESCAPE!');
    });
  }
}
