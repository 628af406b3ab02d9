/** The actors of the scale benchmarks: one that sends bodies of a size, one that counts them. */
import { type ActorContext, type ActorRef, defineActor } from '../../../src/kernel/index.ts';

export const SCALE_ACTORS = import.meta.url;

interface Pumping {
  readonly to: ActorRef;
  readonly n: number;
  readonly bytes: number;
  /** Sent without waiting; two batches are on the way at most. */
  readonly batch: number;
}

export const pump = defineActor({
  kind: 'pump',
  initial: () => ({
    order: undefined as Pumping | undefined,
    body: new Uint8Array(0),
    sent: 0,
    done: (_count: number): void => undefined,
  }),
  receive: {
    pump: (state, order: Pumping, ctx: ActorContext) => {
      Object.assign(state, { order, sent: 0, body: new Uint8Array(order.bytes).fill(7) });
      const done = new Promise<number>((resolve) => {
        state.done = resolve;
      });
      ctx.tell(order.to, 'expect', order.batch);
      for (let batch = 0; batch < 2; batch++) sendBatch(state, ctx);
      return ctx.replyLater(done);
    },
    counted: (state, count: number, ctx: ActorContext) => {
      if (count >= (state.order as Pumping).n) state.done(count);
      else sendBatch(state, ctx);
    },
  },
});

function sendBatch(
  state: { readonly order: Pumping | undefined; readonly body: Uint8Array; sent: number },
  ctx: ActorContext,
): void {
  const { to, n, batch } = state.order as Pumping;
  for (let each = 0; each < batch && state.sent < n; each++) {
    state.sent++;
    ctx.tell(to, 'body', state.body);
  }
}

export const drain = defineActor({
  kind: 'drain',
  initial: () => ({ count: 0, batch: 1, bytes: 0 }),
  receive: {
    expect: (state, batch: number) => {
      Object.assign(state, { count: 0, batch });
    },
    body: (state, body: Uint8Array, ctx: ActorContext) => {
      state.bytes = body.byteLength;
      if (++state.count % state.batch === 0)
        ctx.tell(ctx.sender as ActorRef, 'counted', state.count);
    },
  },
});
