/**
 * The virtual actors of a node: over the cluster's JetStream state with a connection of its own, or over a file of the
 * data directory where there is no cluster. Who may have an actor follows from the membership; that alone never moves one, its lease does.
 */
import { join } from 'node:path';
import {
  type Candidate,
  forgetLeases,
  isGone,
  type LeaseTerms,
  type MemberReport,
  VirtualActors,
  weightUnderLoad,
} from '../cluster/index.ts';
import {
  type Ports,
  type Result,
  type SharedState,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import { memoryState, openJetStreamState, openSqliteState } from '../journal/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import { type ClusterOptions, natsAccessOf } from '../supervisor/index.ts';
import { dialNats } from '../transport/index.ts';

export interface VirtualSettings {
  /** Of the lease of each active key; default VIRTUAL_TERMS and, for the rest, DEFAULT_TERMS. */
  readonly terms?: Partial<LeaseTerms>;
  /** Servers that keep a copy of the state, when this node is the first to open it; default 1. */
  readonly replicas?: number;
}

export interface NodeVirtual {
  readonly actors: VirtualActors;
  /** Hands all actors over, then ends the connection. */
  readonly close: () => Promise<void>;
}

export interface NodeVirtualParts {
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly cluster: ClusterOptions | undefined;
  readonly members: () => readonly MemberReport[];
  readonly settings: VirtualSettings;
  readonly dataDir: string | 'memory';
  readonly halted: () => SkeinError | undefined;
}

const BUCKET = 'ACTORS';

/** Opens nothing yet: the first kind that is registered does. Failure: ARGUMENT_INVALID. */
export function openNodeVirtual(parts: NodeVirtualParts): Result<NodeVirtual> {
  const { system, ports, cluster, members, settings, halted } = parts;
  const { node, log } = system;
  const opened: (() => Promise<void>)[] = [];
  const actors = VirtualActors.open({
    ...{ system, ports, log, halted },
    // Alone: one process and no faults, nobody has to wait for a lease.
    terms: { ...(cluster ? {} : { isStateForgetful: false }), ...settings.terms },
    openState: async () => {
      const state = cluster ? await openShared(parts, cluster, opened) : await openAlone(parts);
      if (state.ok) opened.push(state.value.close);
      return state;
    },
    candidates: () => (cluster ? candidatesAmong(members()) : [{ node, labels: {}, weight: 1 }]),
  });
  if (!actors.ok) return actors;
  const close = async (): Promise<void> => {
    await actors.value.handOverAll();
    for (const end of opened.splice(0).reverse()) await end();
  };
  return success({ actors: actors.value, close });
}

async function openAlone({ dataDir, ports }: NodeVirtualParts): Promise<Result<SharedState>> {
  if (dataDir === 'memory') return success(memoryState());
  const state = await openSqliteState({ file: join(dataDir, 'state.db'), timers: ports.timers });
  if (!state.ok) return state;
  const forgotten = await forgetLeases(state.value);
  if (forgotten.ok) return state;
  await state.value.close();
  return forgotten;
}

async function openShared(
  { system, ports, settings: { replicas } }: NodeVirtualParts,
  options: ClusterOptions,
  opened: (() => Promise<void>)[],
): Promise<Result<SharedState>> {
  const { node, log } = system;
  const { name: cluster } = options;
  const nats = await dialNats({ ...natsAccessOf(options), name: `${node}/virtual`, log });
  if (!nats.ok) return nats;
  const state = await openJetStreamState({
    ...{ nats: nats.value, timers: ports.timers, log, cluster, name: BUCKET },
    ...(replicas === undefined ? {} : { replicas }),
  });
  if (state.ok) opened.push(nats.value.close);
  else await nats.value.close();
  return state;
}

/** Who is alive, as far as this node knows; the busier, the fewer keys. Who drains keeps those it has until they are handed over. */
export const candidatesAmong = (members: readonly MemberReport[]): readonly Candidate[] =>
  members
    .filter((member) => !isGone(member))
    .map(({ node, facts: { labels, load, state } }) => ({
      node,
      labels,
      weight: state === 'draining' ? 0 : weightUnderLoad({ capacity: 1, loadRatio: load }),
    }));
