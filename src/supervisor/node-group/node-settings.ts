/** What one node of a group is started with, and the command line that says so. */
import type { ProcessSpec } from '../../contracts/index.ts';

export interface NodeLimits {
  /** Skill actors on each thread. */
  readonly slotsPerThread?: number;
  /** Host processes kept ready on each thread. */
  readonly warmHosts?: number;
  /** Heap of a worker thread. */
  readonly threadHeapMiB?: number;
  /** YAML: skills, resources and grants that no run gets past. */
  readonly policy?: string;
  /** YAML: channels, models and the file of secrets. */
  readonly effects?: string;
  /** YAML: secrets that skills use by name. */
  readonly secrets?: string;
  /** What the operating system is asked for around skills: process, best or strict. */
  readonly sandboxLevel?: string;
  /** Skills that run without V8’s compilers. */
  readonly jitless?: readonly string[];
  /** Without word of halt orders for so long the node halts its skills; 0: never. */
  readonly controlLeaseMs?: number;
}

export interface NodeSettings {
  /** Unique in its supervisor: `n1`, `workers-2`. */
  readonly name: string;
  readonly group: string;
  readonly dataDir: string;
  readonly threads: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: NodeLimits;
}

/** How any node of the group is started. */
export interface NodeLauncher {
  /** The Node binary. */
  readonly node: string;
  /** `bin/skein.js`. */
  readonly command: string;
  readonly cluster: string;
  readonly natsUrl: string;
  readonly natsCredsFile?: string;
  readonly natsCaFile?: string;
  readonly logLevel: string;
  /** YAML: whose packages the nodes run. */
  readonly signersFile?: string;
  readonly requireSigned?: boolean;
  /** What the process finds in its environment beside SKEIN_NATS_URL. */
  readonly env: Readonly<Record<string, string>>;
}

/** The URL of NATS may hold a password, so it goes by the environment, which only the same user can read. */
export function launchSpec(settings: NodeSettings, launcher: NodeLauncher): ProcessSpec {
  const { slotsPerThread, warmHosts, threadHeapMiB, policy, secrets } = settings.limits;
  const { controlLeaseMs, effects } = settings.limits;
  const { sandboxLevel, jitless = [] } = settings.limits;
  const flag = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return {
    file: launcher.node,
    args: [
      '--disable-warning=ExperimentalWarning',
      launcher.command,
      'node',
      '--supervised',
      ...flag('--data', settings.dataDir),
      ...flag('--cluster', launcher.cluster),
      ...flag('--nats-creds', launcher.natsCredsFile),
      ...flag('--nats-ca', launcher.natsCaFile),
      ...flag('--threads', settings.threads),
      ...flag('--log', launcher.logLevel),
      ...flag('--signers', launcher.signersFile),
      ...(launcher.requireSigned ? ['--require-signed'] : []),
      ...Object.entries(settings.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...flag('--slots', slotsPerThread),
      ...flag('--warm-hosts', warmHosts),
      ...flag('--thread-heap', threadHeapMiB),
      ...flag('--policy', policy),
      ...flag('--effects', effects),
      ...flag('--secrets', secrets),
      ...flag('--sandbox-level', sandboxLevel),
      ...jitless.flatMap((skill) => ['--jitless', skill]),
      ...flag('--control-lease', controlLeaseMs === undefined ? undefined : `${controlLeaseMs}ms`),
    ],
    env: { ...launcher.env, SKEIN_NATS_URL: launcher.natsUrl },
  };
}
