/** A node's place in the membership of its cluster: a thread that gossips, and how busy the node says it is. */
import { GOSSIP_HEAP_MIB, GOSSIP_MAIN_URL, type MemberReport, Members } from '../cluster/index.ts';
import { LIMITS, type Log, type NodeId } from '../contracts/index.ts';
import { realPorts, realThreads } from '../host/index.ts';
import type { ClusterOptions } from '../supervisor/index.ts';
import type { LogLevel } from '../telemetry/index.ts';
import { WIRE_VERSION } from '../transport/index.ts';

export interface NodeMembers {
  readonly list: () => readonly MemberReport[];
  readonly healthScore: () => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

export interface NodeMembersOptions {
  readonly self: NodeId;
  readonly cluster: ClusterOptions;
  readonly log: Log;
  readonly logging: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
  readonly activeRuns: () => number;
}

const LOAD_MS = 2_000;
/** A change of load that is worth a word to everybody. */
const LOAD_STEP = 0.05;

export function startMembers(options: NodeMembersOptions): NodeMembers {
  const { self, cluster, log, logging, activeRuns } = options;
  const { timers } = realPorts;
  const factsNow = () => ({
    labels: {},
    load: Math.round((activeRuns() / LIMITS.concurrentRuns) * 100) / 100,
    wire: [WIRE_VERSION, WIRE_VERSION] as const,
  });
  const threads = realThreads({ main: GOSSIP_MAIN_URL, heapMiB: GOSSIP_HEAP_MIB, maxThreads: 1 });
  let told = factsNow();
  const members = new Members({
    boot: { self, cluster: cluster.name, natsUrl: cluster.natsUrl, facts: told, log: logging },
    threads,
    timers,
    log,
    onChange: ({ node, status }) => {
      if (node === self) return;
      const tell = status === 'alive' ? log.info : log.warn;
      tell('a member of the cluster is seen otherwise', { member: node, status });
    },
  });
  let isClosed = false;
  const look = (): void => {
    if (isClosed) return;
    const facts = factsNow();
    if (Math.abs(facts.load - told.load) >= LOAD_STEP) {
      told = facts;
      members.describe(facts);
    }
    timers.after(LOAD_MS, look);
  };
  timers.after(LOAD_MS, look);
  return {
    list: () => members.list(),
    healthScore: async () => (await members.report())?.healthScore,
    close: async () => {
      isClosed = true;
      await members.close();
      await threads.close();
    },
  };
}
