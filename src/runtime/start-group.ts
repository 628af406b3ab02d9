/** A group of node processes on this machine: a NATS that somebody runs or one of their own, and a supervisor over them. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Log, type Ports, type Result, success } from '../contracts/index.ts';
import { realPorts, realProcesses } from '../host/index.ts';
import {
  launchSpec,
  NodeGroup,
  type NodeGroupOptions,
  type NodeSettings,
} from '../supervisor/index.ts';
import { createLog, type LogLevel } from '../telemetry/index.ts';
import { dialNats, withoutPassword } from '../transport/index.ts';
import { SIGNERS_FILE } from './open-registry.ts';
import { ownServer } from './own-nats.ts';

/** A node of the group, before it is known where the group's data is. */
export type WantedNode = Omit<NodeSettings, 'dataDir'>;

export interface StartGroupOptions
  extends Pick<NodeGroupOptions, 'onEvent' | 'onStderr' | 'strategy' | 'startMs' | 'stopMs'> {
  /** The nodes have theirs in `<dataDir>/nodes/<name>`. */
  readonly dataDir: string;
  readonly cluster: string;
  /** Default: one nats-server for the group, in `<dataDir>/nats`. */
  readonly natsUrl?: string;
  readonly natsCredsFile?: string;
  readonly natsCaFile?: string;
  readonly nodes: readonly WantedNode[];
  /** YAML: whose packages the nodes run. Default: `trusted-signers.yaml` in the data directory, for all of them. */
  readonly signersFile?: string;
  readonly requireSigned?: boolean;
  readonly log?: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
}

export interface RunningGroup {
  readonly supervisor: NodeGroup;
  readonly cluster: string;
  /** Without its password. */
  readonly nats: string;
  readonly dataDir: string;
  readonly ports: Ports;
  /** The settings of a node as this group would start it. */
  readonly settingsOf: (wanted: WantedNode) => NodeSettings;
  /** Ends the nodes, then the nats-server when it is the group's own. */
  readonly stop: () => Promise<void>;
}

/** What a node may find in its environment; everything else it is told by flags. */
const PASSED_ON =
  /^(SKEIN_SECRET_\w+|PATH|HOME|TMPDIR|LANG|LC_\w+|TZ|XDG_\w+|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS)$/;

/** Starts `count` equal nodes: `n1`, `n2`, … */
export const equalNodes = (count: number, threads: number): readonly WantedNode[] =>
  Array.from({ length: count }, (_, at) => ({
    name: `n${at + 1}`,
    group: 'default',
    threads,
    labels: {},
    limits: {},
  }));

/** Settles once the nodes are being started; `supervisor.ready()` tells when they are. Failures: PROGRAM_MISSING, NATS_FAILED, NATS_CREDENTIALS_UNUSABLE. */
export async function startNodeGroup(options: StartGroupOptions): Promise<Result<RunningGroup>> {
  const { cluster, nodes, log: logging = { level: 'warn', format: 'plain' } } = options;
  const dataDir = resolve(options.dataDir);
  const log = createLog({ ...logging, clock: realPorts.clock, bindings: { thread: 'main' } });
  const own = options.natsUrl === undefined ? await ownServer(dataDir, cluster, log) : undefined;
  if (own && !own.ok) return own;
  const natsUrl = options.natsUrl ?? own?.value.url ?? '';
  const natsCredsFile = options.natsCredsFile ?? own?.value.credsFile;
  if (!own) {
    const reached = await tryNats(options, log);
    if (!reached.ok) return reached;
  }
  const launcher = {
    node: process.execPath,
    command: fileURLToPath(new URL('../../bin/skein.js', import.meta.url)),
    cluster,
    natsUrl,
    ...(natsCredsFile === undefined ? {} : { natsCredsFile: resolve(natsCredsFile) }),
    ...(options.natsCaFile === undefined ? {} : { natsCaFile: resolve(options.natsCaFile) }),
    logLevel: logging.level,
    signersFile: resolve(options.signersFile ?? join(dataDir, SIGNERS_FILE)),
    requireSigned: options.requireSigned ?? false,
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        PASSED_ON.test(name) && value !== undefined ? [[name, value] as const] : [],
      ),
    ),
  };
  const settingsOf = (wanted: WantedNode): NodeSettings => ({
    ...wanted,
    dataDir: join(dataDir, 'nodes', wanted.name),
  });
  const supervisor = NodeGroup.start({
    ...options,
    ...realPorts,
    processes: realProcesses,
    log,
    nodes: nodes.map(settingsOf),
    launch: (settings) => launchSpec(settings, launcher),
  });
  let stopping: Promise<void> | undefined;
  return success({
    supervisor,
    cluster,
    nats: withoutPassword(natsUrl),
    dataDir,
    ports: realPorts,
    settingsOf,
    stop: () => {
      stopping ??= supervisor.stop().then(() => own?.value.close());
      return stopping;
    },
  });
}

/** A server that lets nobody in would end each node in turn, and each again: it is found out once, before. */
async function tryNats(options: StartGroupOptions, log: Log): Promise<Result<void>> {
  const { natsUrl: url = '', natsCredsFile: credsFile, natsCaFile: caFile } = options;
  const access = {
    ...(credsFile === undefined ? {} : { credsFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
  const nats = await dialNats({ url, ...access, name: 'group', log });
  if (!nats.ok) return nats;
  await nats.value.close();
  return success(undefined);
}
