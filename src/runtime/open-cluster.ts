/** What a node needs before it can join a cluster: a NATS that somebody runs, or one of its own. */
import { resolve } from 'node:path';
import type { MemberReport, PeerHealthReport } from '../cluster/index.ts';
import { failure, isSafeName, type Result, success } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import type { ClusterOptions, Joined, ThreadGroup } from '../supervisor/index.ts';
import { createLog } from '../telemetry/index.ts';
import {
  keyText,
  type Mismatches,
  nodeKeyOf,
  type PeerStatus,
  parseKeyText,
  type Refusal,
  type RefusalCounts,
  type SlowConsumerCount,
  withoutPassword,
} from '../transport/index.ts';
import type { DelegationStatus } from './node-delegation.ts';
import type { NodeSecret } from './node-key-file.ts';
import { labelFault } from './node-labels.ts';
import type { NodeMembers } from './node-members.ts';
import type { NodeOptions } from './node-options.ts';
import { ownServer } from './own-nats.ts';

/**
 * The node's own parts, which know no tenant and no policy: other nodes speak to `root/delegate`, `root/spans`, the agent of virtual
 * actors, and what programs start.
 */
const PRIVATE_PATHS = [
  'root/kv',
  'root/skills',
  'root/effects',
  'root/policy',
  'root/audit',
  'root/approvals',
  'root/verifier',
  'root/delegator',
  'root/sandboxes',
  'root/threads',
  'root/run-*',
];

export interface Cluster {
  readonly options: ClusterOptions;
  /** Of the server that this node runs itself. */
  readonly slowConsumers?: () => SlowConsumerCount;
  readonly close: () => Promise<void>;
}

/** The link of one thread of this node to a thread of another. */
export interface PeerLink extends PeerStatus {
  readonly from: string;
}

export interface ClusterStatus {
  readonly name: string;
  readonly nats: string;
  /** What another node of this machine names as its `natsCredsFile` to join; null: NATS is not shown a file. */
  readonly natsCredsFile: string | null;
  readonly natsCaFile: string | null;
  /** Connections that NATS cut off because they read too slowly; null when the server is not this node's own. */
  readonly slowConsumers: SlowConsumerCount | null;
  /** The node's public key, as `trustedKeys` of others take it. */
  readonly key: string;
  readonly isConnected: boolean;
  readonly peers: readonly PeerLink[];
  /** Everybody who is not gone, as this node sees it. */
  readonly members: readonly MemberReport[];
  /** How much the node doubts its own view: 0 to 8; null while nobody can say. */
  readonly doubt: number | null;
  /** How well each of the others answers this one. */
  readonly health: readonly PeerHealthReport[];
  /** Packets that all threads have refused, by the reason. */
  readonly refused: RefusalCounts;
  /** What was done by other nodes, and for them. */
  readonly delegation: DelegationStatus | null;
  /** Nodes that speak no version of the wire that this one does, each with the reason. */
  readonly mismatches: Mismatches;
}

/** Failures: ARGUMENT_INVALID, PROGRAM_MISSING, NATS_FAILED, NATS_CREDENTIALS_UNUSABLE. */
export async function openCluster(
  { cluster, dataDir, log: logging = { level: 'warn', format: 'plain' } }: NodeOptions,
  { seed: keySeed, life }: NodeSecret,
): Promise<Result<Cluster>> {
  const {
    name = '',
    natsUrl,
    natsCredsFile,
    natsCaFile,
    directHost,
    trustedKeys,
    whileAway,
  } = cluster ?? {};
  if (!isSafeName(name) || name.includes('.')) {
    const expected = 'a name of letters, digits, "-" and "_"';
    return failure('ARGUMENT_INVALID', {
      argument: 'cluster',
      found: name.slice(0, 100),
      expected,
    });
  }
  const wrongKey = trustedKeys?.find((text) => !parseKeyText(text));
  if (wrongKey !== undefined) {
    const expected = 'public keys of nodes, each 43 characters of base64url';
    return failure('ARGUMENT_INVALID', {
      argument: 'trustedKeys',
      found: wrongKey.slice(0, 100),
      expected,
    });
  }
  const label = labelFault(cluster?.labels ?? {});
  if (label) return failure('ARGUMENT_INVALID', { argument: 'labels', ...label });
  const facts = {
    name,
    keySeed,
    life,
    ...(natsCredsFile === undefined ? {} : { natsCredsFile: resolve(natsCredsFile) }),
    ...(natsCaFile === undefined ? {} : { natsCaFile: resolve(natsCaFile) }),
    ...(directHost === undefined ? {} : { directHost }),
    ...(trustedKeys === undefined ? {} : { trustedKeys }),
    ...(whileAway === undefined ? {} : { whileAway }),
    privatePaths: PRIVATE_PATHS,
  };
  if (natsUrl !== undefined) {
    return success({ options: { ...facts, natsUrl }, close: async () => undefined });
  }
  const log = createLog({ ...logging, clock: realPorts.clock, bindings: { thread: 'main' } });
  const server = await ownServer(dataDir, name, log);
  if (!server.ok) return server;
  const { url, credsFile, slowConsumers, close } = server.value;
  // Credentials that were named are for the configuration that an operator keeps.
  const own = credsFile === undefined ? {} : { natsCredsFile: credsFile };
  return success({ options: { ...own, ...facts, natsUrl: url }, slowConsumers, close });
}

export async function statusOf(
  { options, slowConsumers }: Cluster,
  joined: Joined | undefined,
  group: ThreadGroup,
  members: NodeMembers | undefined,
): Promise<Omit<ClusterStatus, 'delegation'>> {
  const { name, natsUrl, natsCredsFile = null, natsCaFile = null, keySeed } = options;
  const [reports, gossip] = await Promise.all([
    group.reports().then((found) => [...found]),
    members?.report(),
  ]);
  const links = (from: string, peers: readonly PeerStatus[]): readonly PeerLink[] =>
    peers.map((peer) => ({ from, ...peer }));
  return {
    name,
    nats: withoutPassword(natsUrl),
    natsCredsFile,
    natsCaFile,
    slowConsumers: slowConsumers?.() ?? null,
    key: keyText(nodeKeyOf(keySeed).publicKey),
    isConnected: joined?.isConnected() ?? false,
    members: members?.list() ?? [],
    doubt: gossip?.healthScore ?? null,
    health: gossip?.peers ?? [],
    peers: [
      ...links('main', joined?.peers() ?? []),
      ...reports.flatMap(([thread, { peers }]) => links(thread, peers)),
    ],
    mismatches: { ...joined?.mismatches(), ...gossip?.mismatches },
    refused: sumOf([
      joined?.refused() ?? {},
      gossip?.refused ?? {},
      ...reports.map(([, { refused }]) => refused),
    ]),
  };
}

function sumOf(all: readonly RefusalCounts[]): RefusalCounts {
  const sum: Partial<Record<Refusal, number>> = {};
  for (const counts of all) {
    for (const [reason, count] of Object.entries(counts) as [Refusal, number][]) {
      sum[reason] = (sum[reason] ?? 0) + count;
    }
  }
  return sum;
}
