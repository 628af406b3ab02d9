/** The virtual actor that the single-activation test and the fail-over bench ask: it counts, and says where it did. */
import { defineVirtualActor, type VirtualContext } from '../../src/index.ts';

export interface Counted {
  readonly count: number;
  readonly node: string;
  readonly token: number;
}

/** `turn` is told of every turn in which the actor owns its key. */
export const counterOf = (node: string, turn: (ctx: VirtualContext) => void = () => undefined) =>
  defineVirtualActor({
    kind: 'counter',
    initial: () => ({ count: 0 }),
    receive: {
      increment: (state, _: undefined, ctx): Counted => {
        turn(ctx);
        state.count++;
        return { count: state.count, node, token: ctx.token.revision };
      },
      read: (state, _: undefined, ctx): Counted => {
        turn(ctx);
        return { count: state.count, node, token: ctx.token.revision };
      },
    },
    passivateAfterIdleMs: 20_000,
  });
