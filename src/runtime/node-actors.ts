/**
 * The actors of skill packages on a node: each package with an `actor` that can run here makes a kind of virtual actor, by the
 * name of the skill. A kind that this node has no package of can be asked all the same, when another node hosts it.
 */
import {
  type ContractTerms,
  type ModuleKind,
  moduleKey,
  moduleKind,
  type TurnWorld,
} from '../actors/index.ts';
import type { VirtualActors } from '../cluster/index.ts';
import {
  failure,
  isHeldHere,
  type Json,
  type Log,
  type Result,
  SkeinException,
  type SkillPackage,
  type TraceContext,
} from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import type { SkillRegistry } from '../skills/index.ts';
import { type ActorMessage, readActorMessage } from './actor-message.ts';

export interface ActiveActor {
  readonly skill: string;
  readonly tenant: string;
  readonly key: string;
}

export interface NodeActorsParts {
  readonly system: ActorSystem;
  readonly registry: SkillRegistry;
  readonly virtual: VirtualActors;
  readonly pool: ActorRef;
  readonly terms: () => ContractTerms;
  readonly log: Log;
}

const OF_ONE_KIND: ReadonlySet<string> = new Set(['NAME_TAKEN', 'OVERLOADED']);

export class NodeActors {
  readonly #parts: NodeActorsParts;
  readonly #world: TurnWorld;
  /** Kinds that are registered, and whether their actors may live here. */
  readonly #kinds = new Map<string, { readonly kind: ModuleKind; readonly isHost: boolean }>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: NodeActorsParts) {
    this.#parts = parts;
    const { system, pool, registry, terms } = parts;
    this.#world = { system, pool, terms, find: (skill) => findHere(registry, skill) };
  }

  /**
   * Makes kinds of the packages that have come. A package whose name is taken, or that is one too many, has none, and keeps no other from
   * having one: a publisher must not stop a node. Failures: those of `VirtualActors.register`; these two only of the package `wanted`.
   */
  host(wanted?: string): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const packages = this.#parts.registry.list();
      const names = new Set(
        packages
          .filter((skill) => skill.manifest.actor && isHeldHere(skill))
          .map((skill) => skill.manifest.name),
      );
      for (const name of names) {
        const opened = await this.#open(name, true);
        if (opened.ok) continue;
        if (name === wanted || !OF_ONE_KIND.has(opened.error.code)) return opened;
        const { message: reason } = opened.error;
        this.#parts.log.error('the actors of a package cannot live here', { skill: name, reason });
      }
      return { ok: true, value: undefined };
    });
  }

  /**
   * Sends a message to an actor, wherever it lives, and gives its reply. Never rejects. Failures: ARGUMENT_INVALID, those of the turn (its state is
   * then what it was), VIRTUAL_UNREACHABLE (it was not run), ASK_TIMEOUT and whatever says that it may have been run.
   */
  async ask(message: ActorMessage, trace?: TraceContext): Promise<Result<Json>> {
    const read = readActorMessage(message);
    if (!read.ok) return read;
    const { skill, key, type, payload, tenant, timeoutMs } = read.value;
    const opened = await this.#inTurn(() => this.#open(skill, false));
    if (!opened.ok) return opened;
    try {
      const actor = this.#parts.virtual.get(opened.value, moduleKey(tenant, key));
      const traced = trace ? { trace } : {};
      const answer = await actor.ask('message', { type, payload }, { timeoutMs, ...traced });
      if (answer.kind === 'answered') return answer.value;
      if (answer.error.code === 'VIRTUAL_UNREACHABLE') await this.#forgetSender(skill);
      return { ok: false, error: answer.error };
    } catch (thrown) {
      if (thrown instanceof SkeinException) return { ok: false, error: thrown.error };
      throw thrown;
    }
  }

  /** With the kinds that the program around the node registered. */
  get virtual(): VirtualActors {
    return this.#parts.virtual;
  }

  /** Those that live on this node now. */
  active(): readonly ActiveActor[] {
    return [...this.#parts.virtual.live()].flatMap(([skill, keys]) =>
      this.#kinds.has(skill)
        ? keys.map((key) => {
            const at = key.indexOf('/');
            return { skill, tenant: key.slice(0, at), key: key.slice(at + 1) };
          })
        : [],
    );
  }

  async #open(skill: string, asHost: boolean): Promise<Result<ModuleKind>> {
    const known = this.#kinds.get(skill);
    if (known && (known.isHost || !asHost)) return { ok: true, value: known.kind };
    const { virtual, registry } = this.#parts;
    if (known) await virtual.unregister(skill);
    const held = findHere(registry, skill);
    if (held.ok && !held.value.manifest.actor) {
      const reason = `${skill}@${held.value.manifest.version} has no actor`;
      return failure('SKILL_REFUSED', { skill, reason });
    }
    const idleMs = held.ok ? held.value.manifest.actor?.passivateAfterIdleMs : undefined;
    const kind = moduleKind(skill, idleMs, this.#world);
    const isHost = held.ok;
    const registered = await virtual.register(kind, { host: isHost });
    if (!registered.ok) return registered;
    this.#kinds.set(skill, { kind, isHost });
    return { ok: true, value: kind };
  }

  /** A kind that nobody hosts may be a slip of the pen: it does not take a place for ever. */
  #forgetSender(skill: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#kinds.get(skill)?.isHost !== false) return;
      this.#kinds.delete(skill);
      await this.#parts.virtual.unregister(skill);
    });
  }

  /** Two that register the same kind at once would be in each other's way. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** The newest version of a skill that can run here. */
function findHere(registry: SkillRegistry, skill: string): Result<SkillPackage> {
  const found = registry.find(skill);
  return found.ok && !isHeldHere(found.value)
    ? failure('SKILL_NOT_FOUND', { skill, nearest: `${skill}, on other nodes` })
    : found;
}
