/** One turn of a packaged actor: a run of its module in a sandbox of this node, and what came out of it. */
import { gt } from 'semver';
import {
  checker,
  failure,
  type Json,
  LIMITS,
  type Result,
  type SkillPackage,
  success,
  type TenantId,
  type TraceContext,
  type TurnCause,
  type TurnInput,
  type TurnOutput,
  TurnOutputSchema,
} from '../../contracts/index.ts';
import type { ActorRef, ActorSystem, RefOf } from '../../kernel/index.ts';
import { type ContractTerms, contractOf } from '../resources.ts';
import type { skillPoolActor } from '../skill-pool-actor.ts';

/** What is kept of an actor: the state of its skill, and the version that made it. */
export interface ModuleState {
  /** null: there is none yet. */
  data: Json;
  version: string | null;
}

export interface TurnWorld {
  readonly system: ActorSystem;
  /** The skill actors of this node. */
  readonly pool: ActorRef;
  /** The newest package of that name that can run here. */
  readonly find: (skill: string) => Result<SkillPackage>;
  /** What actors of packages may have at most. */
  readonly terms: () => ContractTerms;
}

export interface ModuleTurn {
  readonly skill: string;
  readonly tenant: TenantId;
  readonly key: string;
  /** For errors. */
  readonly address: string;
  readonly cause: TurnCause;
  /** The same each time that this turn is tried: what it does outside is told it, so that it is done once. */
  readonly task: string;
  readonly trace: TraceContext | undefined;
}

/** A turn has to be over before the activation is given up for it. */
const ASK_MS = LIMITS.virtualTurnMs - 1_000;
const WALL_MS_MAX = LIMITS.virtualTurnMs - 5_000;

const checkTurn = checker(TurnOutputSchema);

/** Runs it; nothing is changed here. Failures: those of a call of the skill, MESSAGE_UNHANDLED, VIRTUAL_STATE_INVALID. */
export async function runTurn(
  turn: ModuleTurn,
  state: Readonly<ModuleState>,
  world: TurnWorld,
): Promise<Result<TurnOutput & { readonly version: string }>> {
  const { address: actor, cause, task } = turn;
  const found = world.find(turn.skill);
  if (!found.ok) return found;
  const { manifest } = found.value;
  const { version } = manifest;
  if (!manifest.actor) {
    const reason = `${turn.skill}@${version} has no actor`;
    return failure('SKILL_REFUSED', { skill: turn.skill, reason });
  }
  if (cause.kind === 'message' && !Object.hasOwn(manifest.actor.messages, cause.type)) {
    const behaviour = `${turn.skill}@${version}`;
    return failure('MESSAGE_UNHANDLED', { actor, type: cause.type, behaviour });
  }
  if (state.version !== null && gt(state.version, version)) {
    const reason = `${turn.skill}@${state.version} wrote it, this node holds ${version}`;
    return failure('VIRTUAL_STATE_INVALID', { actor, reason });
  }
  const contract = contractOf(manifest, world.terms());
  if (!contract.ok) return contract;
  const { resources, grants } = contract.value;
  const input: TurnInput = {
    ...{ key: turn.key, cause, version },
    ...{ state: state.data, stateVersion: state.version },
  };
  const invocation = {
    ...{ skill: found.value, tenant: turn.tenant, grants, task, attempt: 1, seed: task },
    input: input as unknown as Json,
    entry: {
      kind: 'actor' as const,
      ...(cause.kind === 'message' ? { message: cause.type } : {}),
    },
    resources: { ...resources, wallMs: Math.min(resources.wallMs, WALL_MS_MAX) },
    startWallMs: Math.floor(world.system.clock.wallMs()),
  };
  const pool = world.pool as RefOf<typeof skillPoolActor>;
  const traced = turn.trace ? { trace: turn.trace } : {};
  const answer = await world.system.ask(pool, 'invoke', invocation, {
    timeoutMs: ASK_MS,
    ...traced,
  });
  if (answer.kind !== 'answered') return { ok: false, error: answer.error };
  const { result } = answer.value;
  if (!result.ok) return { ok: false, error: result.error };
  // The host process has checked it too, but it is not believed.
  const output = checkTurn(result.value);
  if (output.ok) return success({ ...output.value, version });
  return failure('SKILL_OUTPUT_INVALID', { skill: turn.skill, ...output.mismatch });
}
