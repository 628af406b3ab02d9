/** The actors of the soak: a source that numbers what it sends, and a sink that looks for gaps, repeats and wrong order. */
import { type ActorContext, type ActorRef, defineActor } from '../../src/kernel/index.ts';

const BATCH = 400;
const BATCHES_ON_THE_WAY = 2;

export interface SinkReport {
  readonly received: number;
  readonly misplaced: number;
}

interface Numbered {
  readonly id: number;
  readonly text: string;
}

/** Mostly short; now and then one that goes round the ring, and a burst that does not fit into it. */
function textLength(id: number): number {
  if (id % 5_000 === 0) return 200_000;
  return id % 20_000 < 100 ? 20_000 : 1;
}

/** The first number that comes begins the count: a sink may take over from one that was lost. */
export const sink = defineActor({
  kind: 'sink',
  initial: () => ({ next: -1, received: 0, misplaced: 0 }),
  receive: {
    item: (state, { id, text }: Numbered, ctx: ActorContext) => {
      const isWhole = text.length === textLength(id) && text.endsWith('x');
      if (!isWhole || (state.next >= 0 && id !== state.next)) state.misplaced++;
      state.next = id + 1;
      if (++state.received % BATCH === 0) ctx.tell(ctx.sender as ActorRef, 'more');
    },
    report: ({ received, misplaced }): SinkReport => ({ received, misplaced }),
  },
});

export const source = defineActor({
  kind: 'source',
  initial: () => ({ id: 0, to: undefined as ActorRef | undefined }),
  receive: {
    begin: (state, to: ActorRef, ctx: ActorContext) => {
      state.to = to;
      for (let batch = 0; batch < BATCHES_ON_THE_WAY; batch++) send(state, ctx);
    },
    more: (state, _none: undefined, ctx: ActorContext) => send(state, ctx),
  },
});

function send(state: { id: number; readonly to: ActorRef | undefined }, ctx: ActorContext): void {
  for (let each = 0; each < BATCH; each++) {
    const id = state.id++;
    ctx.tell(state.to as ActorRef, 'item', { id, text: 'x'.repeat(textLength(id)) });
  }
}
