/** A virtual actor that keeps what was asked of it, in order: what is lost, done twice or done out of turn shows in its state. */
import { defineVirtualActor, type VirtualContext } from '../cluster/index.ts';

export interface CounterState {
  /** IDs of increments, in the order in which they were done. */
  done: number[];
  /** Reminders that fired, by sequence. */
  fired: number[];
}

export interface CounterWorld {
  /** In every turn, before anything else. */
  readonly acts: (ctx: VirtualContext) => void;
  readonly reminded: (ctx: VirtualContext, sequence: number) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Increment {
  readonly id: number;
  /** It changes the state only after this. */
  readonly slowMs: number;
}

/** Stands in `done` when a turn that failed was kept. */
export const FAILED_ID = -1;
const IDLE_MS = 1_000;

export const counterActor = ({ acts, reminded, sleep }: CounterWorld) =>
  defineVirtualActor({
    kind: 'counter',
    initial: (): CounterState => ({ done: [], fired: [] }),
    receive: {
      increment: async (state, { id, slowMs }: Increment, ctx) => {
        acts(ctx);
        if (slowMs > 0) await sleep(slowMs);
        state.done.push(id);
        return state.done.length;
      },
      remindMe: (_state, everyMs: number, ctx) => {
        acts(ctx);
        ctx.remind('again', { everyMs });
      },
      read: (state, _: undefined, ctx) => {
        acts(ctx);
        return state;
      },
      fail: (state, _: undefined, ctx) => {
        acts(ctx);
        state.done.push(FAILED_ID);
        throw new Error('it fails in the middle');
      },
    },
    reminders: {
      again: (state, { sequence }, ctx) => {
        acts(ctx);
        reminded(ctx, sequence);
        state.fired.push(sequence);
      },
    },
    passivateAfterIdleMs: IDLE_MS,
  });

export type Counter = ReturnType<typeof counterActor>;
