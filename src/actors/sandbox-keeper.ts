/**
 * Starts the sandbox of its thread, so that hosts are warm before the first call, tells which defences are in force, and holds the kill
 * switch of the thread: it hears of orders from the node, and looks into the folder of orders itself, because the thread goes on
 * serving host calls while the node's main thread hangs.
 */
import type { Result } from '../contracts/index.ts';
import { type ActorContext, defineActor } from '../kernel/index.ts';
import {
  HaltFolder,
  type HaltJudge,
  type HaltOrder,
  type HaltRecord,
  type HaltRecords,
  haltedError,
  NOTHING_STOPPED,
  orderOver,
  type Sandbox,
  type SandboxLevel,
  type SandboxSettings,
  type Stopped,
  standingIn,
  withRecord,
} from '../sandbox/index.ts';
import { sandboxOf } from './skill-actor.ts';

export interface SandboxStatus {
  readonly thread: string;
  readonly level: SandboxLevel;
  readonly living: number;
  readonly warm: number;
}

export interface SandboxKeeperArgs {
  readonly warmHosts: number;
  readonly sandbox?: SandboxSettings;
  /** Where the node keeps its halt orders; without one they are heard of by message alone. */
  readonly dataDir?: string;
}

/** What the node tells a thread: all records it holds, and orders that stand for as long as they are told. */
export interface ThreadOrders {
  readonly records: readonly HaltRecord[];
  readonly passing: readonly HaltOrder[];
}

interface KeeperState {
  readonly started: Result<Sandbox>;
  readonly folder: HaltFolder | undefined;
  readonly node: string;
  records: HaltRecords;
  passing: readonly HaltOrder[];
  damage: readonly HaltOrder[];
}

/** Between looks into the folder: an order that nobody tells of is carried out that late. */
const LOOK_MS = 250;

export const sandboxKeeper = defineActor({
  kind: 'sandbox-keeper',
  initial: async (
    { warmHosts, sandbox, dataDir }: SandboxKeeperArgs,
    ctx: ActorContext,
  ): Promise<KeeperState> => {
    const folder = dataDir === undefined ? undefined : new HaltFolder(dataDir);
    const started = await sandboxOf(ctx.system, warmHosts, sandbox);
    const state: KeeperState = {
      ...{ started, folder, node: ctx.system.node },
      records: new Map(),
      passing: [],
      damage: [],
    };
    look(state);
    if (folder) ctx.every('look', LOOK_MS, 'look');
    return state;
  },
  receive: {
    status: ({ started }, _none: void, ctx): Result<SandboxStatus> => {
      if (!started.ok) return started;
      const { level, hostCounts } = started.value;
      return { ok: true, value: { thread: ctx.self.thread, level, ...hostCounts() } };
    },
    /** Stops what may not run any more. The answer says what that was on this thread, and comes when its processes are gone. */
    halt: (state, { records, passing }: ThreadOrders, ctx) => {
      for (const record of records) state.records = withRecord(state.records, record);
      state.passing = passing;
      return ctx.replyLater(carryOut(state));
    },
    look: (state) => look(state),
  },
});
export default sandboxKeeper;

function look(state: KeeperState): void {
  const content = state.folder?.changed();
  if (!content) return;
  const before = state.records;
  for (const record of content.records) state.records = withRecord(state.records, record);
  const isNews = state.records !== before || content.damage.length !== state.damage.length;
  state.damage = content.damage;
  if (isNews) void carryOut(state);
}

async function carryOut(state: KeeperState): Promise<Stopped> {
  const standing = [...state.passing, ...state.damage, ...standingIn(state.records)];
  const judge: HaltJudge = (subject) => {
    const order = orderOver(standing, subject, state.node);
    return order && haltedError(order);
  };
  if (!state.started.ok) return NOTHING_STOPPED;
  return { ...NOTHING_STOPPED, ...(await state.started.value.halt(judge)) };
}
