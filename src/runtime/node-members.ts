/** A node's place in the membership of its cluster: a thread that gossips, and what the node says of itself. */
import {
  epochOf,
  GOSSIP_HEAP_MIB,
  GOSSIP_MAIN_URL,
  type GossipReport,
  isGone,
  type MemberFacts,
  type MemberReport,
  Members,
} from '../cluster/index.ts';
import { EPOCHS_PER_LIFE, type Log, type NodeId } from '../contracts/index.ts';
import { realPorts, realThreads } from '../host/index.ts';
import { type ClusterOptions, natsAccessOf } from '../supervisor/index.ts';
import type { LogLevel } from '../telemetry/index.ts';
import { WIRE_VERSIONS } from '../transport/index.ts';

export interface NodeMembers {
  readonly list: () => readonly MemberReport[];
  readonly dead: () => readonly NodeId[];
  readonly describe: (state: MemberFacts['state']) => void;
  readonly report: () => Promise<GossipReport | undefined>;
  readonly close: () => Promise<void>;
}

export interface NodeMembersOptions {
  readonly self: NodeId;
  readonly cluster: ClusterOptions;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly logging: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
  /** 0 is idle, 1 is as much as the node can do. */
  readonly load: () => number;
  /** Changes whenever the set of skills that the node holds does. */
  readonly skills: () => string;
  /** What it says of itself as it comes. */
  readonly state: MemberFacts['state'];
  /** A member is dead or has left, or is there in another life. */
  readonly onGone: (node: NodeId) => void;
  /** Somebody came, went, or says something else of itself. */
  readonly onChange?: () => void;
}

const LOAD_MS = 2_000;
/** A change of load that is worth a word to everybody. */
const LOAD_STEP = 0.05;

export function startMembers(options: NodeMembersOptions): NodeMembers {
  const { self, cluster, log, logging, labels, skills, onGone } = options;
  const { timers } = realPorts;
  let { state } = options;
  const factsNow = (): MemberFacts => ({
    labels,
    load: Math.round(options.load() * 100) / 100,
    wire: WIRE_VERSIONS,
    state,
    skills: skills(),
  });
  const threads = realThreads({ main: GOSSIP_MAIN_URL, heapMiB: GOSSIP_HEAP_MIB, maxThreads: 1 });
  let told = factsNow();
  const members = new Members({
    boot: {
      ...{ self, cluster: cluster.name, nats: natsAccessOf(cluster), keySeed: cluster.keySeed },
      trustedKeys: cluster.trustedKeys,
      epoch: cluster.life * EPOCHS_PER_LIFE,
      facts: told,
      log: logging,
    },
    threads,
    timers,
    log,
    onChange: (member) => {
      const { node, status } = member;
      options.onChange?.();
      if (node === self) return;
      if (isGone(member) || isAnotherLife(member)) onGone(node);
      if (isGone(member)) lives.delete(node);
      const tell = status === 'suspect' || status === 'dead' ? log.warn : log.info;
      tell('a member of the cluster is seen otherwise', { member: node, status });
    },
  });
  /** One that was killed and is back before anybody missed it: what it did is lost all the same. */
  const lives = new Map<NodeId, number>();
  const isAnotherLife = ({ node, incarnation }: MemberReport): boolean => {
    const [before, life] = [lives.get(node), epochOf(incarnation)];
    lives.set(node, life);
    return before !== undefined && life > before;
  };
  let isClosed = false;
  const look = (): void => {
    const facts = factsNow();
    const isNews =
      Math.abs(facts.load - told.load) >= LOAD_STEP ||
      facts.state !== told.state ||
      facts.skills !== told.skills;
    if (!isNews) return;
    told = facts;
    members.describe(facts);
  };
  const lookAgain = (): void => {
    if (isClosed) return;
    look();
    timers.after(LOAD_MS, lookAgain);
  };
  timers.after(LOAD_MS, lookAgain);
  return {
    // What the node says of itself holds at once; the thread that gossips tells it back later.
    list: () =>
      members.list().map((each) => (each.node === self ? { ...each, facts: told } : each)),
    dead: () => members.dead(),
    describe: (next) => {
      state = next;
      look();
    },
    report: () => members.report(),
    close: async () => {
      isClosed = true;
      await members.close();
      await threads.close();
    },
  };
}
