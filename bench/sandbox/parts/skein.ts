/** A small skill behind the whole wall: the sandbox of a node, and runs in its hosts. */
import {
  type CorrelationId,
  DEFAULT_RESOURCES,
  type ResourceContract,
  type TenantId,
} from '../../../src/contracts/index.ts';
import { realClock, realProcesses, realTimers } from '../../../src/host/index.ts';
import {
  grantsPolicy,
  type HostProcess,
  type RunReport,
  type RunRequest,
  type Sandbox,
  startSandbox,
} from '../../../src/sandbox/index.ts';

export const HONEST = 'export default async (input) => ({ sum: input.a + input.b });';
export const INPUT = { a: 1, b: 2 };
const TENANT = 'bench' as TenantId;

export const requestOf = (
  source: string,
  resources: ResourceContract = DEFAULT_RESOURCES,
): RunRequest => ({
  skill: {
    manifest: { name: 'sum', version: '1.0.0', description: 'Adds.', input: true, output: true },
    source,
    contentHash: '0'.repeat(64),
  },
  tenant: TENANT,
  input: INPUT,
  resources,
  grants: {},
  policy: grantsPolicy({}),
  seed: 'bench',
  startWallMs: 0,
  correlationId: '1'.repeat(32) as CorrelationId,
  attempt: 1,
  effects: {},
});

// The policy engine is compiled at its first decision.
await grantsPolicy({}).decide({
  principal: { name: 'sum', version: '1.0.0', contentHash: '0'.repeat(64), tenant: TENANT },
  action: 'run',
  resource: { type: 'Node', id: 'self' },
  attributes: {},
});

export interface BenchSandbox {
  readonly sandbox: Sandbox;
  readonly lease: () => Promise<HostProcess>;
  /** The stock is refilled in the background; whoever measures a warm lease waits for it. */
  readonly settled: () => Promise<void>;
}

export async function sandboxOf(warmHosts: number, hosts?: number): Promise<BenchSandbox> {
  const started = await startSandbox({
    ports: { clock: realClock, timers: realTimers },
    processes: realProcesses,
    warmHosts,
    ...(hosts === undefined ? {} : { hosts }),
  });
  if (!started.ok) throw new Error(started.error.message);
  const sandbox = started.value;
  const lease = async (): Promise<HostProcess> => {
    const leased = await sandbox.lease(TENANT);
    if (!leased.ok) throw new Error(leased.error.message);
    return leased.value;
  };
  const settled = async (): Promise<void> => {
    while (sandbox.hostCounts().warm < 1)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 10);
      });
  };
  // The sandbox's own first host stays in its stock even with `warmHosts: 0`: it is used up here.
  if (warmHosts === 0) (await lease()).dispose();
  return { sandbox, lease, settled };
}

export async function run(
  host: HostProcess,
  what: RunRequest,
  expected: string,
): Promise<RunReport> {
  const report = await host.run(what);
  const outcome = report.result.ok ? 'ok' : report.result.error.code;
  if (outcome !== expected) throw new Error(`expected ${expected}, found ${outcome}`);
  return report;
}

export async function call(host: HostProcess): Promise<void> {
  await run(host, requestOf(HONEST), 'ok');
}
