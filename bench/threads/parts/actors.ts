/** The actors of the thread benchmarks, loaded by URL on their threads. */
import { type ActorContext, type ActorRef, defineActor } from '../../../src/kernel/index.ts';
import {
  askInLanes,
  BATCH,
  BATCHES_ON_THE_WAY,
  type Item,
  item,
  latenciesUs,
  nowUs,
  pace,
} from './load.ts';

export const BENCH_ACTORS = import.meta.url;

const ASK_MS = 25_000;

/** Counts items and tells the sender after each batch; the ids must come without a gap. */
export const counter = defineActor({
  kind: 'counter',
  initial: () => ({ count: 0 }),
  receive: {
    item: (state, { id }: Item, ctx: ActorContext) => {
      if (id === 0) state.count = 0;
      if (id !== state.count) throw new Error(`item ${id} came as number ${state.count}`);
      if (++state.count % BATCH === 0) ctx.tell(ctx.sender as ActorRef, 'more', state.count);
    },
  },
});

interface Sending {
  readonly n: number;
  readonly to: ActorRef;
}

export const sender = defineActor({
  kind: 'sender',
  initial: () => ({
    sent: 0,
    n: 0,
    to: undefined as ActorRef | undefined,
    done: (_count: number): void => undefined,
  }),
  receive: {
    /** Answers with the count when the last item has been counted. */
    send: (state, { n, to }: Sending, ctx: ActorContext) => {
      Object.assign(state, { n, to, sent: 0 });
      const counted = new Promise<number>((resolve) => {
        state.done = resolve;
      });
      for (let batch = 0; batch < BATCHES_ON_THE_WAY; batch++) sendBatch(state, ctx);
      return ctx.replyLater(counted);
    },
    more: (state, count: number, ctx: ActorContext) => {
      if (count === state.n) state.done(count);
      else sendBatch(state, ctx);
    },
  },
});

function sendBatch(
  state: { sent: number; readonly n: number; readonly to: ActorRef | undefined },
  ctx: ActorContext,
): void {
  for (let each = 0; each < BATCH && state.sent < state.n; each++) {
    ctx.tell(state.to as ActorRef, 'item', item(state.sent++));
  }
}

export const adder = defineActor({
  kind: 'adder',
  initial: () => undefined,
  receive: { add: (_state, value: number) => value + 1 },
});

const asking =
  (to: ActorRef, ctx: ActorContext) =>
  async (value: number): Promise<unknown> => {
    const result = await ctx.ask(to, 'add', value, { timeoutMs: ASK_MS });
    if (result.kind !== 'answered') throw new Error(result.error.message);
    return result.value;
  };

interface Asking {
  readonly to: ActorRef;
  readonly n: number;
}

export const asker = defineActor({
  kind: 'asker',
  initial: () => undefined,
  receive: {
    many: (_state, { to, ...load }: Asking & { readonly lanes: number }, ctx: ActorContext) =>
      askInLanes(load, asking(to, ctx)),
    alone: (_state, { to, n }: Asking, ctx: ActorContext) => latenciesUs(n, asking(to, ctx)),
  },
});

/** Notes how long each message was on its way; hands the times over when all have come. */
export const stopwatch = defineActor({
  kind: 'stopwatch',
  initial: () => ({ timesUs: [] as number[], n: 0, to: undefined as ActorRef | undefined }),
  receive: {
    expect: (state, n: number, ctx: ActorContext) => {
      Object.assign(state, { timesUs: [], n, to: ctx.sender });
    },
    tick: (state, sentUs: number, ctx: ActorContext) => {
      state.timesUs.push(nowUs() - sentUs);
      if (state.timesUs.length === state.n) ctx.tell(state.to as ActorRef, 'times', state.timesUs);
    },
  },
});

export const pacer = defineActor({
  kind: 'pacer',
  initial: () => ({ done: (_timesUs: number[]): void => undefined }),
  receive: {
    pace: (state, { to, n }: Omit<Asking, 'lanes'>, ctx: ActorContext) => {
      const times = new Promise<number[]>((resolve) => {
        state.done = resolve;
      });
      ctx.tell(to, 'expect', n);
      pace(n, (sentUs) => ctx.tell(to, 'tick', sentUs));
      return ctx.replyLater(times);
    },
    times: (state, timesUs: number[]) => state.done(timesUs),
  },
});
