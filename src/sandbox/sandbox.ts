/**
 * The sandbox of a node: starts host processes, keeps some warm, leases each to one tenant, and kills them all at the end.
 * It fails closed: without the defences it was promised, `startSandbox` gives SANDBOX_UNSUPPORTED and no skill runs.
 */
import {
  DEFAULT_RESOURCES,
  failure,
  type Ports,
  type Processes,
  type ResourceContract,
  type Result,
  success,
  type TenantId,
} from '../contracts/index.ts';
import { memoryClassOf } from './budget.ts';
import { HostProcess, type LeasedHost } from './host-process.ts';
import { findLaunchTools, launchSpec, levelOf, type SandboxLevel, unfitReason } from './launch.ts';
import { WarmHosts } from './warm-hosts.ts';

export interface SandboxOptions {
  readonly ports: Pick<Ports, 'clock' | 'timers'>;
  readonly processes: Processes;
  /** Processes kept ready; default 2. */
  readonly warmHosts?: number;
  /** Processes that may live at once, warm ones included; default 32. */
  readonly hosts?: number;
  /** Time a process has to get ready; default 15,000. */
  readonly startMs?: number;
}

export interface Sandbox {
  /**
   * A host process for `tenant` alone, with memory for `resources` (default: the default contract). Warm if one is ready,
   * else started now. Failures: SANDBOX_UNAVAILABLE.
   */
  readonly lease: (tenant: TenantId, resources?: ResourceContract) => Promise<Result<LeasedHost>>;
  /** The defences in force. */
  readonly level: SandboxLevel;
  /** Living processes, and those of them that are warm and unassigned. */
  readonly hostCounts: () => { readonly living: number; readonly warm: number };
  /** Kills every process and waits until they are gone, at most two seconds. Leases fail from here on. */
  readonly close: () => Promise<void>;
}

const CLOSE_MS = 2_000;

export async function startSandbox(options: SandboxOptions): Promise<Result<Sandbox>> {
  const { ports, processes, warmHosts = 2, hosts = 32, startMs = 15_000 } = options;
  const tools = findLaunchTools();
  const living = new Set<HostProcess>();
  let closed = false;

  const start = (memoryClassMiB: number): HostProcess => {
    const spec = launchSpec({ tools, memoryClassMiB });
    const host = new HostProcess({ processes, ...ports, spec, memoryClassMiB, startMs });
    living.add(host);
    void host.gone.then(() => living.delete(host));
    return host;
  };
  const smallest = memoryClassOf(DEFAULT_RESOURCES);
  const warm = new WarmHosts({
    size: warmHosts,
    start: () => start(smallest),
    hasRoom: () => living.size < hosts,
    timers: ports.timers,
  });
  const first = start(smallest);
  const ready = await first.ready;
  if (!ready.ok) return ready;
  const unfit = unfitReason(ready.value);
  if (unfit) {
    first.kill();
    return failure('SANDBOX_UNSUPPORTED', { reason: unfit });
  }
  warm.add(first);

  const freshHost = async (memoryClassMiB: number): Promise<Result<HostProcess>> => {
    if (living.size >= hosts) {
      return failure('SANDBOX_UNAVAILABLE', { reason: `all ${hosts} host processes are in use` });
    }
    const host = start(memoryClassMiB);
    const started = await host.ready;
    return started.ok ? success(host) : started;
  };

  return success({
    level: levelOf(ready.value, tools),
    hostCounts: () => ({ living: living.size, warm: warm.readyCount }),
    lease: async (tenant, resources = DEFAULT_RESOURCES) => {
      if (closed) return failure('SANDBOX_UNAVAILABLE', { reason: 'the sandbox is closed' });
      const memoryClassMiB = memoryClassOf(resources);
      const prepared = memoryClassMiB === smallest ? warm.take() : undefined;
      const host = prepared ? success(prepared) : await freshHost(memoryClassMiB);
      if (!host.ok) return host;
      if (closed) host.value.kill();
      return success(host.value.lease(tenant));
    },
    close: async () => {
      closed = true;
      warm.close();
      const gone = [...living].map((host) => host.gone);
      for (const host of living) host.kill();
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = ports.timers.after(CLOSE_MS, resolve);
      await Promise.race([Promise.all(gone), promise]);
      deadline.cancel();
    },
  });
}
