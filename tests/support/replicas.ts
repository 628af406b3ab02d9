/** Nodes' parts in the registry of a cluster, for tests. */
import type { Result, SharedState, SkillPackage } from '../../src/contracts/index.ts';
import { realTimers } from '../../src/host/index.ts';
import type { Objects } from '../../src/journal/index.ts';
import {
  type PackageStore,
  type PublishOptions,
  RegistryReplica,
  type RegistryTrust,
  type SignedPackage,
  SkillRegistry,
} from '../../src/skills/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { recordingLog } from './systems.ts';

export interface ReplicaParts {
  readonly state: SharedState;
  readonly objects: Objects;
  readonly store: PackageStore;
  readonly trust: RegistryTrust;
}

export interface OpenReplica {
  readonly registry: () => SkillRegistry;
  readonly replica: () => RegistryReplica;
  readonly publish: (
    signed: SignedPackage,
    options?: PublishOptions,
  ) => Promise<Result<SkillPackage>>;
  readonly yank: (
    name: string,
    version: string,
    reason: string | undefined,
  ) => Promise<Result<void>>;
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `restart`: the node's next life on the same store. */
export async function openReplica({
  state,
  objects,
  store,
  trust,
}: ReplicaParts): Promise<OpenReplica> {
  const open = async () => {
    const registry = valueIn(await SkillRegistry.open(store, trust));
    const parts = { state, objects, registry, timers: realTimers, log: recordingLog().log };
    return { registry, replica: valueIn(RegistryReplica.start(parts)) };
  };
  let life = await open();
  return {
    registry: () => life.registry,
    replica: () => life.replica,
    publish: (signed, options) => life.replica.publish(signed, options),
    yank: (...named) => life.replica.yank(...named),
    restart: async () => {
      await life.replica.close();
      life = await open();
    },
    close: () => life.replica.close(),
  };
}
