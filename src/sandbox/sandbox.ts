/**
 * The sandbox of a node: starts host processes, keeps some warm, leases each to one tenant, and kills them all at the end.
 * It fails closed: without the defences it was promised, `startSandbox` gives SANDBOX_UNSUPPORTED, below the level that the
 * operator demands SANDBOX_LEVEL_UNREACHED, and no skill runs.
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
import type { HostProcess, LeasedHost } from './host-process.ts';
import { HostStarter } from './host-starter.ts';
import { NOTHING_STOPPED, type Stopped } from './kill-switch/halt-receipt.ts';
import type { HaltJudge } from './kill-switch/standing-orders.ts';
import { tierRefusal, unfitReason } from './launch.ts';
import type { LaunchTools } from './launch-tools.ts';
import { refuseLevel, type SandboxLevel, type WantedLevel } from './sandbox-level.ts';
import type { Tier } from './settings.ts';
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
  /** What the operating system is asked for; default `best`. */
  readonly level?: WantedLevel;
  /** Default: those that are installed. */
  readonly tools?: LaunchTools;
  /** What a host process runs; default `host-main` as this program has it. */
  readonly hostMain?: string;
}

export interface Sandbox {
  /**
   * A host process for `tenant` alone, with memory for `resources` (default: the default contract). Warm if one is ready,
   * else started now. Failures: SANDBOX_UNAVAILABLE, SANDBOX_UNSUPPORTED.
   */
  readonly lease: (
    tenant: TenantId,
    resources?: ResourceContract,
    tier?: Tier,
  ) => Promise<Result<LeasedHost>>;
  /** The defences in force. */
  readonly level: SandboxLevel;
  /** Living processes, and those of them that are warm and unassigned. */
  readonly hostCounts: () => { readonly living: number; readonly warm: number };
  /**
   * From now on nothing runs that `judge` does not let run; processes that run such a thing are killed in this turn, and while the node
   * as a whole is halted none is started. @returns what was stopped, once those processes are gone
   */
  readonly halt: (judge: HaltJudge) => Promise<Omit<Stopped, 'actors'>>;
  /** Kills every process and waits until they are gone, at most two seconds. Leases fail from here on. */
  readonly close: () => Promise<void>;
}

const CLOSE_MS = 2_000;

export async function startSandbox(options: SandboxOptions): Promise<Result<Sandbox>> {
  const { ports, warmHosts = 2, hosts = 32 } = options;
  let halted: HaltJudge = () => undefined;
  const starter = new HostStarter({ ...options, halted: (subject) => halted(subject) });
  const { living } = starter;
  const smallest = memoryClassOf(DEFAULT_RESOURCES);
  const stocks = new Map<Tier, WarmHosts>();
  let closed = false;

  const stockOf = (tier: Tier): WarmHosts => {
    const known = stocks.get(tier);
    if (known) return known;
    const stock = new WarmHosts({
      size: warmHosts,
      start: () => starter.start(smallest, tier),
      hasRoom: () => living.size < hosts && !halted({}),
      timers: ports.timers,
    });
    stocks.set(tier, stock);
    return stock;
  };
  const first = await starter.startFirst(smallest);
  if (!first.ok) return first;
  const { host, ready, level } = first.value;
  const unfit = unfitReason(ready);
  const refusal = unfit ? failure('SANDBOX_UNSUPPORTED', { reason: unfit }) : refuseLevel(level);
  if (refusal) {
    host.kill();
    return refusal;
  }
  stockOf('jit').add(host);

  const freshHost = async (memoryClassMiB: number, tier: Tier): Promise<Result<HostProcess>> => {
    if (living.size >= hosts) {
      return failure('SANDBOX_UNAVAILABLE', { reason: `all ${hosts} host processes are in use` });
    }
    const fresh = starter.start(memoryClassMiB, tier);
    const started = await fresh.ready;
    return started.ok ? success(fresh) : started;
  };

  return success({
    level,
    hostCounts: () => ({
      living: living.size,
      warm: [...stocks.values()].reduce((sum, { readyCount }) => sum + readyCount, 0),
    }),
    lease: async (tenant, resources = DEFAULT_RESOURCES, tier = 'jit') => {
      if (closed) return failure('SANDBOX_UNAVAILABLE', { reason: 'the sandbox is closed' });
      const refusal = tierRefusal(tier, options.hostMain);
      if (refusal) return failure('SANDBOX_UNSUPPORTED', { reason: refusal });
      const isHalted = halted({ tenant });
      if (isHalted) return { ok: false, error: isHalted };
      const memoryClassMiB = memoryClassOf(resources);
      const prepared = memoryClassMiB === smallest ? stockOf(tier).take() : undefined;
      const leased = prepared ? success(prepared) : await freshHost(memoryClassMiB, tier);
      if (!leased.ok) return leased;
      if (closed || halted({ tenant })) leased.value.kill();
      return success(leased.value.lease(tenant));
    },
    halt: async (judge) => {
      halted = judge;
      const stopped = { ...NOTHING_STOPPED };
      for (const host of living) {
        const here = host.halt(judge);
        if (!here) continue;
        stopped.sandboxHosts++;
        stopped.runs += here.runs;
        stopped.hostCalls += here.hostCalls;
      }
      for (const stock of stocks.values()) stock.refill();
      await Promise.all([...living].filter((host) => !host.isAlive()).map((host) => host.gone));
      const { actors: _, ...counts } = stopped;
      return counts;
    },
    close: async () => {
      closed = true;
      for (const stock of stocks.values()) stock.close();
      const gone = [...living].map((each) => each.gone);
      for (const each of living) each.kill();
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = ports.timers.after(CLOSE_MS, resolve);
      await Promise.race([Promise.all(gone), promise]);
      deadline.cancel();
    },
  });
}
