/** What a node needs before it can join a cluster: a NATS that somebody runs, or one of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberReport } from '../cluster/index.ts';
import { failure, isSafeName, type Result, success } from '../contracts/index.ts';
import { findProgram, realPorts, realProcesses } from '../host/index.ts';
import type { ClusterOptions, Joined, ThreadGroup } from '../supervisor/index.ts';
import { createLog } from '../telemetry/index.ts';
import {
  keyText,
  type Mismatches,
  type NatsServer,
  nodeKeyOf,
  type PeerStatus,
  parseKeyText,
  type Refusal,
  type RefusalCounts,
  startNatsServer,
  withoutPassword,
} from '../transport/index.ts';
import type { NodeSecret } from './node-key-file.ts';
import type { NodeMembers } from './node-members.ts';
import type { NodeOptions } from './node-options.ts';

export interface Cluster {
  readonly options: ClusterOptions;
  readonly close: () => Promise<void>;
}

/** The link of one thread of this node to a thread of another. */
export interface PeerLink extends PeerStatus {
  readonly from: string;
}

export interface ClusterStatus {
  readonly name: string;
  readonly nats: string;
  /** The node's public key, as `trustedKeys` of others take it. */
  readonly key: string;
  readonly isConnected: boolean;
  readonly peers: readonly PeerLink[];
  /** Everybody who is not gone, as this node sees it. */
  readonly members: readonly MemberReport[];
  /** How much the node doubts its own view: 0 to 8; null while nobody can say. */
  readonly doubt: number | null;
  /** Packets that all threads have refused, by the reason. */
  readonly refused: RefusalCounts;
  /** Nodes that speak no version of the wire that this one does, each with the reason. */
  readonly mismatches: Mismatches;
}

/** Failures: ARGUMENT_INVALID, PROGRAM_MISSING, NATS_FAILED. */
export async function openCluster(
  { cluster, dataDir, log: logging = { level: 'warn', format: 'plain' } }: NodeOptions,
  { seed: keySeed, life }: NodeSecret,
): Promise<Result<Cluster>> {
  const { name = '', natsUrl, directHost, trustedKeys } = cluster ?? {};
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
  const facts = {
    name,
    keySeed,
    life,
    ...(directHost === undefined ? {} : { directHost }),
    ...(trustedKeys === undefined ? {} : { trustedKeys }),
  };
  if (natsUrl !== undefined) {
    return success({ options: { ...facts, natsUrl }, close: async () => undefined });
  }
  const log = createLog({ ...logging, clock: realPorts.clock, bindings: { thread: 'main' } });
  const server = await ownServer(dataDir, log);
  if (!server.ok) return server;
  const { url, close } = server.value;
  return success({ options: { ...facts, natsUrl: url }, close });
}

async function ownServer(
  dataDir: string,
  log: ReturnType<typeof createLog>,
): Promise<Result<NatsServer>> {
  const found = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
  if (!found.ok) return found;
  const isShort = dataDir === 'memory';
  const folder = isShort ? await mkdtemp(join(tmpdir(), 'skein-nats-')) : join(dataDir, 'nats');
  const remove = async (): Promise<void> => {
    if (isShort) await rm(folder, { recursive: true, force: true });
  };
  const ports = { ...realPorts, processes: realProcesses };
  const server = await startNatsServer({ ...ports, program: found.value, dataDir: folder, log });
  if (!server.ok) {
    await remove();
    return server;
  }
  const close = async (): Promise<void> => {
    await server.value.close();
    await remove();
  };
  return success({ ...server.value, close });
}

export async function statusOf(
  { options: { name, natsUrl, keySeed } }: Cluster,
  joined: Joined | undefined,
  group: ThreadGroup,
  members: NodeMembers | undefined,
): Promise<ClusterStatus> {
  const [reports, gossip] = await Promise.all([
    group.reports().then((found) => [...found]),
    members?.report(),
  ]);
  const links = (from: string, peers: readonly PeerStatus[]): readonly PeerLink[] =>
    peers.map((peer) => ({ from, ...peer }));
  return {
    name,
    nats: withoutPassword(natsUrl),
    key: keyText(nodeKeyOf(keySeed).publicKey),
    isConnected: joined?.isConnected() ?? false,
    members: members?.list() ?? [],
    doubt: gossip?.healthScore ?? null,
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
