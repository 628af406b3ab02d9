/**
 * The virtual actors of a node: over the cluster's JetStream state with a connection of its own, or over memory where there is no
 * cluster. Who may have an actor follows from the membership; that alone never moves one, its lease does.
 */
import {
  type Candidate,
  isGone,
  type LeaseTerms,
  type MemberReport,
  VirtualActors,
  weightUnderLoad,
} from '../cluster/index.ts';
import { type Ports, type Result, success } from '../contracts/index.ts';
import { memoryState, openJetStreamState } from '../journal/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import type { ClusterOptions } from '../supervisor/index.ts';
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
}

const BUCKET = 'ACTORS';

/** Failures: ARGUMENT_INVALID, NATS_FAILED. */
export async function openNodeVirtual(parts: NodeVirtualParts): Promise<Result<NodeVirtual>> {
  return parts.cluster ? openShared(parts, parts.cluster) : openAlone(parts);
}

/** One process and no faults: nothing is kept beyond it, and nobody has to wait for a lease. */
function openAlone({ system, ports, settings }: NodeVirtualParts): Result<NodeVirtual> {
  const state = memoryState();
  const { node, log } = system;
  const actors = VirtualActors.open({
    ...{ system, state, ports, log },
    terms: { isStateForgetful: false, ...settings.terms },
    candidates: () => [{ node, labels: {}, weight: 1 }],
  });
  if (!actors.ok) return actors;
  return success({ actors: actors.value, close: () => closeAll(actors.value, state) });
}

async function openShared(
  { system, ports, members, settings }: NodeVirtualParts,
  { name: cluster, natsUrl: url }: ClusterOptions,
): Promise<Result<NodeVirtual>> {
  const { node, log } = system;
  const nats = await dialNats({ url, name: `${node}/virtual`, log });
  if (!nats.ok) return nats;
  const { replicas } = settings;
  const state = await openJetStreamState({
    ...{ nats: nats.value, timers: ports.timers, log, cluster, name: BUCKET },
    ...(replicas === undefined ? {} : { replicas }),
  });
  if (!state.ok) {
    await nats.value.close();
    return state;
  }
  const actors = VirtualActors.open({
    ...{ system, state: state.value, ports, log },
    ...(settings.terms === undefined ? {} : { terms: settings.terms }),
    candidates: () => candidatesAmong(members()),
  });
  const close = async (): Promise<void> => {
    if (actors.ok) await closeAll(actors.value, state.value);
    await nats.value.close();
  };
  if (actors.ok) return success({ actors: actors.value, close });
  await close();
  return actors;
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

async function closeAll(
  actors: VirtualActors,
  state: { readonly close: () => Promise<void> },
): Promise<void> {
  await actors.handOverAll();
  await state.close();
}
