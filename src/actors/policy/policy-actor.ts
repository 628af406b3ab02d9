/**
 * The policy of a node, in the one place where it changes. Threads fetch it from here and hear of a change at once: each that has
 * work keeps one question open, which is answered when there is something new.
 */

import { type ActorContext, defineActor } from '../../kernel/index.ts';
import type { PolicySource } from '../../sandbox/index.ts';

/** Plain data: it crosses threads. */
export type PolicyInForce = { readonly generation: number } & PolicyKind;
export type PolicyKind =
  /** What a run was granted is what it may do. */
  | { readonly kind: 'grants' }
  /** The operator's file decides, within the grants; the node's own permits are in the set. */
  | { readonly kind: 'file'; readonly set: PolicySource }
  /** There is no policy to decide by. */
  | { readonly kind: 'denied'; readonly reason: string };

interface PolicyState {
  inForce: PolicyInForce;
  waiting: ((inForce: PolicyInForce) => void)[];
}

/** One question a thread; the oldest is answered as things stand when there are more. */
const WAITING_MAX = 64;

export const policyActor = defineActor({
  kind: 'policy',
  initial: (first: PolicyKind): PolicyState => ({
    inForce: { ...first, generation: 1 },
    waiting: [],
  }),
  receive: {
    inForce: ({ inForce }): PolicyInForce => inForce,
    /** Answers when a policy later than `generation` is in force. */
    after: (state, generation: number, ctx: ActorContext) => {
      const { promise, resolve } = Promise.withResolvers<PolicyInForce>();
      if (state.inForce.generation > generation) resolve(state.inForce);
      else state.waiting.push(resolve);
      if (state.waiting.length > WAITING_MAX) state.waiting.shift()?.(state.inForce);
      return ctx.replyLater(promise);
    },
    install: (state, next: PolicyKind): number => {
      state.inForce = { ...next, generation: state.inForce.generation + 1 };
      for (const tell of state.waiting.splice(0)) tell(state.inForce);
      return state.inForce.generation;
    },
  },
});
