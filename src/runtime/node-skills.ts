/**
 * The skills of a node: its own registry, the signers that its operator trusts, and, in a cluster, its part in the registry of all.
 * The shared one is opened in the background and tried again for ever: a node runs what it holds while NATS is away.
 */
import { join, resolve } from 'node:path';
import {
  type Failure,
  failure,
  type Log,
  type NodeId,
  type Ports,
  type Result,
  type SkillPackage,
  success,
  type TimerHandle,
} from '../contracts/index.ts';
import { openJetStreamObjects, openJetStreamState } from '../journal/index.ts';
import {
  type PublishOptions,
  parsePackage,
  type RegistryEntry,
  RegistryReplica,
  type SignedPackage,
  type SkillRegistry,
  TrustFile,
} from '../skills/index.ts';
import { type ClusterOptions, natsAccessOf } from '../supervisor/index.ts';
import { createLog } from '../telemetry/index.ts';
import { dialNats } from '../transport/index.ts';
import type { NodeOptions } from './node-options.ts';
import { openRegistry, SIGNERS_FILE } from './open-registry.ts';

/** What `skein skills ls` shows. */
export interface RegistryReport {
  /** What the node holds, and then what it was offered and does not take. */
  readonly entries: readonly RegistryEntry[];
  /** Whether it follows the registry of its cluster; null without one. */
  readonly isFollowing: boolean | null;
  /** What is wrong with the file of trusted signers, while an older state of it counts. */
  readonly signersProblem: string | null;
}

interface Followed {
  readonly replica: RegistryReplica;
  readonly close: () => Promise<void>;
}

const RETRY_MS = 2_000;
const INDEX_BUCKET = 'SKILLS';
const OBJECTS_BUCKET = 'PACKAGES';

export class NodeSkills {
  readonly registry: SkillRegistry;
  readonly #trust: TrustFile | undefined;
  readonly #parts: { readonly ports: Ports; readonly log: Log };
  #followed: Followed | undefined;
  #why: string | undefined;
  #opening: Promise<void> = Promise.resolve();
  #retry: TimerHandle | undefined;
  #isClosed = false;

  private constructor(
    registry: SkillRegistry,
    trust: TrustFile | undefined,
    parts: { readonly ports: Ports; readonly log: Log },
  ) {
    this.registry = registry;
    this.#trust = trust;
    this.#parts = parts;
    trust?.onChange(() => this.#judgeAgain());
  }

  /** Failures: those of the files that are read, and of packages that contradict each other. */
  static async open(options: NodeOptions, ports: Ports, node: NodeId): Promise<Result<NodeSkills>> {
    const file = signersFileOf(options);
    const { level, format } = options.log ?? { level: 'warn', format: 'plain' };
    const log = createLog({
      level,
      format,
      clock: ports.clock,
      bindings: { node, thread: 'main' },
    });
    const trust =
      file === undefined
        ? success(undefined)
        : await TrustFile.open({ file, timers: ports.timers, log });
    if (!trust.ok) return trust;
    const registry = await openRegistry(options, {
      signers: () => trust.value?.signers() ?? [],
      wallMs: ports.clock.wallMs,
      ...(options.requireSigned === undefined ? {} : { requireSigned: options.requireSigned }),
    });
    if (!registry.ok) {
      trust.value?.close();
      return registry;
    }
    const skills = new NodeSkills(registry.value, trust.value, { ports, log });
    skills.#sayRefused();
    return success(skills);
  }

  /** Begins to follow the registry of the cluster. */
  follow(cluster: ClusterOptions, node: string, replicas: number | undefined): void {
    this.#why = 'it is not open yet';
    this.#opening = this.#open(cluster, node, replicas);
  }

  /** Why no host process may get this skill now. */
  readonly refusal = (skill: SkillPackage): Failure | undefined => this.registry.refusal(skill);

  /** `act`: what has to be done about each package that is taken; a failure is logged. */
  onTaken(act: () => Promise<Result<void>>): void {
    this.registry.onTaken(() => {
      void act().then((done) => {
        if (done.ok) return;
        this.#parts.log.error('a package that was taken is not ready', {
          reason: done.error.message,
        });
      });
    });
  }

  /** The text of a package file; in a cluster, for all its nodes. Failures: those of `parsePackage` and of the registries. */
  async publish(text: string, options: PublishOptions = {}): Promise<Result<SkillPackage>> {
    const signed = parsePackage(text, 'the package');
    if (!signed.ok) return signed;
    // The answer of a person who has just had a key trusted.
    await this.#trust?.refresh();
    return this.#publish(signed.value, options);
  }

  /** Undefined puts the version back. Failures: SKILL_NOT_FOUND, STATE_UNAVAILABLE, FILE_UNWRITABLE. */
  async yank(name: string, version: string, reason: string | undefined): Promise<Result<void>> {
    if (this.#followed) return this.#followed.replica.yank(name, version, reason);
    return this.#away() ?? this.registry.yank(name, version, reason);
  }

  report(): RegistryReport {
    const refused = this.#followed?.replica.refused() ?? [];
    return {
      entries: [
        ...this.registry.entries(),
        ...refused.map(({ name, version, reason }): RegistryEntry => {
          const unknown = { description: '', contentHash: null, signer: null, yanked: null };
          return { name, version, ...unknown, origin: 'published', refused: reason };
        }),
      ],
      isFollowing: this.#why === undefined && !this.#followed ? null : this.#isFollowing(),
      signersProblem: this.#trust?.problem()?.message ?? null,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#trust?.close();
    this.#retry?.cancel();
    await this.#opening;
    await this.#followed?.close();
  }

  #isFollowing(): boolean {
    return this.#followed?.replica.isCaughtUp ?? false;
  }

  #publish(signed: SignedPackage, options: PublishOptions): Promise<Result<SkillPackage>> {
    if (this.#followed) return this.#followed.replica.publish(signed, options);
    const away = this.#away();
    return away ? Promise.resolve(away) : this.registry.publish(signed, options);
  }

  #away(): Result<never> | undefined {
    if (this.#why === undefined) return undefined;
    const reason = `the registry of the cluster cannot be reached: ${this.#why}`;
    const details = { operation: 'update', key: 'registry', reason, mayHaveHappened: false };
    return failure('STATE_UNAVAILABLE', details);
  }

  async #open(cluster: ClusterOptions, node: string, replicas: number | undefined): Promise<void> {
    const opened = await this.#tryOpen(cluster, node, replicas);
    if (opened.ok) {
      this.#followed = opened.value;
      this.#why = undefined;
      return;
    }
    const { message } = opened.error;
    if (this.#why !== message)
      this.#parts.log.warn('the registry of the cluster cannot be reached', { reason: message });
    this.#why = message;
    if (this.#isClosed) return;
    this.#retry = this.#parts.ports.timers.after(RETRY_MS, () => {
      this.#opening = this.#open(cluster, node, replicas);
    });
  }

  async #tryOpen(
    options: ClusterOptions,
    node: string,
    replicas: number | undefined,
  ): Promise<Result<Followed>> {
    const { log, ports } = this.#parts;
    const nats = await dialNats({ ...natsAccessOf(options), name: `${node}/skills`, log });
    if (!nats.ok) return nats;
    const { timers } = ports;
    const bucket = {
      ...{ nats: nats.value, cluster: options.name, timers },
      ...(replicas === undefined ? {} : { replicas }),
    };
    const state = await openJetStreamState({ ...bucket, name: INDEX_BUCKET, log });
    const objects = state.ok
      ? await openJetStreamObjects({ ...bucket, name: OBJECTS_BUCKET })
      : state;
    if (!state.ok || !objects.ok) {
      await nats.value.close();
      return state.ok ? (objects as Result<never>) : state;
    }
    const { registry } = this;
    const followed = { state: state.value, objects: objects.value, registry, timers, log };
    const replica = RegistryReplica.start(followed);
    if (!replica.ok) {
      await nats.value.close();
      return replica;
    }
    const close = async (): Promise<void> => {
      await replica.value.close();
      await state.value.close();
      await nats.value.close();
    };
    return success({ replica: replica.value, close });
  }

  #judgeAgain(): void {
    this.#sayRefused();
    this.#followed?.replica.reconsider();
  }

  #sayRefused(): void {
    for (const { name, version, refused } of this.registry.entries()) {
      if (refused === null) continue;
      this.#parts.log.warn('a skill that is held does not run', {
        skill: `${name}@${version}`,
        reason: refused,
      });
    }
  }
}

/** A node that keeps nothing trusts nobody, unless it is told whom. */
function signersFileOf({ dataDir, signersFile }: NodeOptions): string | undefined {
  if (signersFile !== undefined) return resolve(signersFile);
  return dataDir === 'memory' ? undefined : join(dataDir, SIGNERS_FILE);
}
