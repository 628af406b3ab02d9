/** What a node is started with. Every setting has a default that suits one machine. */
import type { CapabilityGrants, Ceiling, EffectsFile, WhileAway } from '../contracts/index.ts';
import type { SandboxSettings } from '../sandbox/index.ts';
import type { LogLevel, MetricsOptions } from '../telemetry/index.ts';
import type { VirtualSettings } from './node-virtual.ts';

export interface ClusterMembership {
  /** Letters, digits, `-` and `_`, 64 characters at most. */
  readonly name: string;
  /** Default: a nats-server of this node's own, on a free loopback port. */
  readonly natsUrl?: string;
  /** A `.creds` file or one with the seed of an nkey. Default: for a server of its own, the seed that was made with it. */
  readonly natsCredsFile?: string;
  /** PEM file of the authorities that vouch for the server's certificate. */
  readonly natsCaFile?: string;
  /** Address of this machine on which peers of other machines may dial; without it only those of this machine do. */
  readonly directHost?: string;
  /** Public keys of the nodes that are taken, as the status of each shows its own. Default: any node that finds the bus. */
  readonly trustedKeys?: readonly string[];
  /** Messages to other nodes while NATS is away: they wait, which is the default, or are refused at once with PEER_AWAY. */
  readonly whileAway?: WhileAway;
  /**
   * A node that has heard nothing of halt orders for so long halts what skills do, until it has read them again; 0: it goes on.
   * Default CONTROL_LEASE_MS, 60,000.
   */
  readonly controlLeaseMs?: number;
  /** What sets this node apart for those who choose one: up to 32, as `zone: a`. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface EffectSettings {
  /** YAML or JSON: secrets that skills use by name. Its owner alone may read it; it is read again when it changes. */
  readonly secretsFile?: string;
  /** Channels that skills may send notes to. */
  readonly notify?: EffectsFile['notify'];
  /** Models that skills may ask. */
  readonly llm?: EffectsFile['llm'];
}

export interface NodeOptions {
  /** Where journal and key-value store live; created when missing. `memory` keeps nothing. */
  readonly dataDir: string | 'memory';
  /** Worker threads, 1 to 16; default 2. */
  readonly threads?: number;
  readonly log?: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
  /** Host processes kept ready on each thread; default 1. */
  readonly warmHosts?: number;
  /** What the operating system is asked for around skills, and which skills run without compilers. */
  readonly sandbox?: SandboxSettings;
  /** Skill actors on each thread; default 4. */
  readonly slotsPerThread?: number;
  /** Heap of a worker thread; default LIMITS.threadHeapMiB. */
  readonly threadHeapMiB?: number;
  /** Sets a damaged journal aside and goes on with what came before the damage. Default: refuse to start. */
  readonly recoverJournal?: boolean;
  /** Folders of skill packages to load beside the built-in ones. */
  readonly skillFolders?: readonly string[];
  /**
   * Whose packages run here: YAML, read again whenever it has changed. Default: `trusted-signers.yaml` in the data directory; without
   * one nobody is trusted.
   */
  readonly signersFile?: string;
  /** Runs nothing but what a trusted signer has signed and what comes with Skein. Default: folders run as they are, too. */
  readonly requireSigned?: boolean;
  /** The operator's ceiling over every run: skills, resources and grants that nobody gets past. */
  readonly policy?: Ceiling;
  /** What skills reach beyond the node, under their grants. */
  readonly effects?: EffectSettings;
  /**
   * What the actors of skill packages may have, under the manifest of each and `policy`. Default: what a policy file permits; without
   * one log lines alone.
   */
  readonly actorGrants?: CapabilityGrants;
  /** The operator's policy in Cedar, which decides about every run and host call. Default: `policy.cedar` in the data directory. */
  readonly policyFile?: string;
  /** Serves Prometheus at `http://HOST:PORT/metrics`; port 0 takes a free one, the host is loopback by default. */
  readonly metrics?: MetricsOptions;
  /** Joins the nodes of one name through NATS. Default: the node stays by itself. */
  readonly cluster?: ClusterMembership;
  /** How the leases and the state of virtual actors are kept. */
  readonly virtual?: VirtualSettings;
  /** Called for each phase of the start. */
  readonly onPhase?: (phase: { readonly name: string; readonly elapsedMs: number }) => void;
}
