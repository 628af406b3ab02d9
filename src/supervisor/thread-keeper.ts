/**
 * The actor that keeps one worker thread: it starts the thread, listens to its heart, and fails with a typed reason when
 * the thread ends. Its supervisor then decides as for any child; a restart of the keeper is a new life of the thread.
 */
import {
  describeExit,
  type ExitReason,
  LIMITS,
  type ThreadExit,
  type ThreadName,
} from '../contracts/index.ts';
import { type ActorContext, ActorExit, defineActor } from '../kernel/index.ts';
import type { ThreadGroup } from './thread-group.ts';

export interface ThreadKeeperArgs {
  readonly group: ThreadGroup;
  readonly thread: ThreadName;
  /** Without a heartbeat for this long the thread counts as hung; default LIMITS.threadHangMs. */
  readonly hangMs?: number;
  readonly drainMs: number;
}

const LOOKS_PER_HANG = 10;

export const threadKeeper = defineActor({
  kind: 'thread-keeper',
  initial: async (args: ThreadKeeperArgs, ctx: ActorContext) => {
    const { group, thread, hangMs = LIMITS.threadHangMs } = args;
    const { tell } = ctx.detached();
    await group.start(thread, (exit) => tell(ctx.self, 'exited', exit));
    ctx.every('look', hangMs / LOOKS_PER_HANG, 'look');
    const lastBeatMs = ctx.clock.monotonicMs();
    return { ...args, hangMs, beats: group.heartbeats(thread), lastBeatMs, hasThread: true };
  },
  receive: {
    exited: (state, exit: ThreadExit) => {
      state.hasThread = false;
      const reason: ExitReason = { kind: 'thread', thread: state.thread, exit };
      throw new ActorExit(reason, describeExit(reason));
    },
    look: (state, _none: void, ctx) => {
      const beats = state.group.heartbeats(state.thread);
      const nowMs = ctx.clock.monotonicMs();
      if (beats !== state.beats) {
        state.beats = beats;
        state.lastBeatMs = nowMs;
      } else if (nowMs - state.lastBeatMs >= state.hangMs) {
        const silentMs = nowMs - state.lastBeatMs;
        state.group.terminate(state.thread, { kind: 'hung', silentMs });
      }
    },
  },
  signals: {
    stopped: async (state) => {
      if (state?.hasThread) await state.group.stop(state.thread, state.drainMs);
    },
  },
});
