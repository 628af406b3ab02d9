/**
 * An actor that a skill package exports, as a virtual actor: its kind is the skill's name, its key begins with the tenant. The
 * node keeps its state and reminders, writes them with the fencing token and moves it; its code runs inside the wall, one run a
 * turn, and has nothing that outlives the turn but what it gave back.
 */

import {
  defineVirtualActor,
  type FiredReminder,
  type VirtualActorDefinition,
  type VirtualContext,
} from '../../cluster/index.ts';
import {
  type Json,
  type Result,
  SkeinException,
  success,
  type TenantId,
  type TurnCause,
  type TurnOutput,
} from '../../contracts/index.ts';
import { type ModuleState, runTurn, type TurnWorld } from './module-turn.ts';

/** The one message of every such actor: what it is for the skill is inside. */
export interface ModuleMessage {
  readonly type: string;
  readonly payload: Json;
}

type ModuleHandlers = {
  readonly message: (
    state: ModuleState,
    message: ModuleMessage,
    ctx: VirtualContext,
  ) => Promise<Result<Json>>;
};
export type ModuleKind = VirtualActorDefinition<ModuleState, ModuleHandlers>;

/** Tenants have no `/` in their names, so that no key of one reaches another's. */
export const moduleKey = (tenant: TenantId, key: string): string => `${tenant}/${key}`;

const partsOf = (moduleKey: string): { readonly tenant: TenantId; readonly key: string } => {
  const at = moduleKey.indexOf('/');
  return { tenant: moduleKey.slice(0, at) as TenantId, key: moduleKey.slice(at + 1) };
};

const RANDOM_BYTES = 16;

export function moduleKind(
  skill: string,
  passivateAfterIdleMs: number | undefined,
  world: TurnWorld,
): ModuleKind {
  const turn = async (
    state: ModuleState,
    cause: TurnCause,
    task: string,
    ctx: VirtualContext,
  ): Promise<Result<Json>> => {
    const { address, trace } = ctx;
    const ended = await runTurn(
      { skill, ...partsOf(ctx.key), address, cause, task, trace },
      state,
      world,
    );
    if (!ended.ok) return ended;
    apply(ended.value, ctx);
    state.data = ended.value.state as Json;
    state.version = ended.value.version;
    return success(ended.value.reply);
  };
  return defineVirtualActor<ModuleState, ModuleHandlers>({
    kind: skill,
    initial: () => ({ data: null, version: null }),
    receive: {
      message: (state, { type, payload }, ctx) => {
        const cause = { kind: 'message', type, payload: payload ?? null } as const;
        return turn(state, cause, `${ctx.address}#${randomName(ctx)}`, ctx);
      },
    },
    otherReminder: async (state: ModuleState, fired: FiredReminder, ctx: VirtualContext) => {
      const { name, sequence, dueAtMs } = fired;
      const payload = (fired.payload ?? null) as Json;
      const cause = { kind: 'reminder', name, sequence, dueAtMs, payload } as const;
      const ended = await turn(state, cause, `${ctx.address}@${name}/${sequence}`, ctx);
      // It comes again.
      if (!ended.ok) throw new SkeinException(ended.error);
    },
    ...(passivateAfterIdleMs === undefined ? {} : { passivateAfterIdleMs }),
  });
}

/** @throws ARGUMENT_INVALID, OVERLOADED as a `SkeinException`: the turn is then as if it had not been */
function apply({ reminders, passivate, erase }: TurnOutput, ctx: VirtualContext): void {
  for (const wanted of reminders) {
    if ('cancel' in wanted) ctx.cancelReminder(wanted.name);
    else if ('afterMs' in wanted) {
      ctx.remind(wanted.name, { afterMs: wanted.afterMs }, wanted.payload);
    } else ctx.remind(wanted.name, { everyMs: wanted.everyMs }, wanted.payload);
  }
  if (passivate) ctx.passivate();
  if (erase) ctx.erase();
}

const randomName = ({ random }: VirtualContext): string =>
  Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex');
