/** One thread's way into a cluster: its own connection to NATS, its sessions, and direct links where peers can be reached. */
import {
  EPOCHS_PER_LIFE,
  type Result,
  type Streams,
  success,
  type WhileAway,
} from '../contracts/index.ts';
import { type ActorSystem, joinBus } from '../kernel/index.ts';
import {
  connectNats,
  DirectLinks,
  KnownKeys,
  type Mismatches,
  type NatsAccess,
  nodeKeyOf,
  type PeerStatus,
  type RefusalCounts,
} from '../transport/index.ts';

export interface ClusterOptions {
  /** Nodes of one name meet. Letters, digits, `-` and `_`. */
  readonly name: string;
  readonly natsUrl: string;
  /** What NATS is shown: a `.creds` file or the seed of an nkey. */
  readonly natsCredsFile?: string;
  /** Authorities that vouch for the server's certificate. */
  readonly natsCaFile?: string;
  /** The secret of the node's key. */
  readonly keySeed: Uint8Array;
  /** Counts the lives of the node. */
  readonly life: number;
  /** Public keys of the nodes that are taken, as `keyText` writes them; undefined: any. */
  readonly trustedKeys?: readonly string[];
  /** Off: every message takes the way through NATS. Default: on. */
  readonly isDirect?: boolean;
  /** Address of this machine on which peers of other machines may dial; without it only those of this machine do. */
  readonly directHost?: string;
  /** Default `park`. */
  readonly whileAway?: WhileAway;
  /** Actors that other nodes may not send to. */
  readonly privatePaths?: readonly string[];
}

export const natsAccessOf = (
  cluster: Pick<ClusterOptions, 'natsUrl' | 'natsCredsFile' | 'natsCaFile'>,
): NatsAccess => ({
  url: cluster.natsUrl,
  ...(cluster.natsCredsFile === undefined ? {} : { credsFile: cluster.natsCredsFile }),
  ...(cluster.natsCaFile === undefined ? {} : { caFile: cluster.natsCaFile }),
});

export interface Joined {
  readonly peers: () => readonly PeerStatus[];
  readonly isConnected: () => boolean;
  readonly refused: () => RefusalCounts;
  readonly mismatches: () => Mismatches;
  readonly close: () => Promise<void>;
}

/** Failures: NATS_FAILED, NATS_CREDENTIALS_UNUSABLE, PORT_UNAVAILABLE. */
export async function joinCluster(
  system: ActorSystem,
  options: ClusterOptions,
  { streams, isPatient = false }: { readonly streams: Streams; readonly isPatient?: boolean },
): Promise<Result<Joined>> {
  const { name: cluster, isDirect = true, directHost, whileAway } = options;
  const { node, thread, timers, random, log } = system;
  const bus = await connectNats({
    ...natsAccessOf(options),
    name: `${node}/${thread}`,
    log,
    isPatient,
  });
  if (!bus.ok) return bus;
  const epoch = options.life * EPOCHS_PER_LIFE + (system.epoch % EPOCHS_PER_LIFE);
  const identity = { key: nodeKeyOf(options.keySeed), book: new KnownKeys(options.trustedKeys) };
  const policy = {
    ...(whileAway === undefined ? {} : { whileAway }),
    ...(options.privatePaths ? { privatePaths: options.privatePaths } : {}),
  };
  const sessions = joinBus(system, { cluster, bus: bus.value, identity, epoch, ...policy });
  const host = directHost === undefined ? {} : { host: directHost };
  const direct = isDirect
    ? await DirectLinks.start({ sessions, streams, timers, random, log, ...host })
    : success(undefined);
  const close = async (): Promise<void> => {
    await sessions.close();
    await bus.value.close();
  };
  if (!direct.ok) {
    await close();
    return direct;
  }
  return success({
    peers: () => sessions.status(),
    isConnected: bus.value.isConnected,
    refused: () => sessions.refused(),
    mismatches: () => sessions.mismatches(),
    close,
  });
}
