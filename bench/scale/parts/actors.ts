/** The actors of the scale benchmarks: one that sends bodies of a size, one that counts them. */
import { type ActorContext, type ActorRef, defineActor } from '../../../src/kernel/index.ts';

export const SCALE_ACTORS = import.meta.url;

export type Body = 'bytes' | 'text';

interface Pumping {
  readonly to: ActorRef;
  readonly n: number;
  readonly body: Body;
  readonly size: number;
  /** Sent without waiting; two batches are on the way at most. */
  readonly batch: number;
}

/** What has come so far. */
export interface Counted {
  readonly count: number;
  readonly bytes: number;
}

const bodyOf = ({ body, size }: Pumping): Uint8Array | string =>
  body === 'bytes' ? new Uint8Array(size).fill(7) : 'x'.repeat(size);

export const pump = defineActor({
  kind: 'pump',
  initial: () => ({
    order: undefined as Pumping | undefined,
    body: '' as Uint8Array | string,
    sent: 0,
    done: (_counted: Counted): void => undefined,
  }),
  receive: {
    pump: (state, order: Pumping, ctx: ActorContext) => {
      Object.assign(state, { order, sent: 0, body: bodyOf(order) });
      const done = new Promise<Counted>((resolve) => {
        state.done = resolve;
      });
      ctx.tell(order.to, 'expect', order.batch);
      for (let batch = 0; batch < 2; batch++) sendBatch(state, ctx);
      return ctx.replyLater(done);
    },
    counted: (state, counted: Counted, ctx: ActorContext) => {
      if (counted.count >= (state.order as Pumping).n) state.done(counted);
      else sendBatch(state, ctx);
    },
  },
});

function sendBatch(
  state: {
    readonly order: Pumping | undefined;
    readonly body: Uint8Array | string;
    sent: number;
  },
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
  initial: () => ({ count: 0, bytes: 0, batch: 1 }),
  receive: {
    expect: (state, batch: number) => {
      Object.assign(state, { count: 0, bytes: 0, batch });
    },
    body: (state, body: Uint8Array | string, ctx: ActorContext) => {
      state.bytes += body.length;
      if (++state.count % state.batch > 0) return;
      const counted: Counted = { count: state.count, bytes: state.bytes };
      ctx.tell(ctx.sender as ActorRef, 'counted', counted);
    },
  },
});
