/** What lives once for a key: an actor that counts, for itself and for clients, and keeps its count in a fenced store. */
import type { Hold } from '../cluster/index.ts';
import { MAIN_THREAD, type NodeId } from '../contracts/index.ts';
import { type ActorContext, ActorRef, defineActor } from '../kernel/index.ts';
import type { Fact } from './checker.ts';
import type { FencedStore, Stored, StoreUser } from './fenced-store.ts';

export interface OwnedKey {
  readonly user: StoreUser;
  readonly hold: Hold;
  readonly store: FencedStore;
  readonly stored: Stored;
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
  readonly ended: () => void;
}

export type AddReply = 'done' | 'not owner';

interface State {
  readonly owned: OwnedKey;
  count: number;
  readonly requests: Set<string>;
}

const TICK_MS = 400;

export const ownedKey = defineActor({
  kind: 'owned-key',
  initial: (owned: OwnedKey, ctx: ActorContext): State => {
    ctx.every('tick', TICK_MS, 'tick');
    return { owned, count: owned.stored.count, requests: new Set(owned.stored.requests) };
  },
  receive: {
    tick: async (state) => {
      if (!state.owned.isQuiet()) await add(state, '');
    },
    /** Once a request, however often it comes. */
    add: async (state, request: string): Promise<AddReply> =>
      state.requests.has(request) ? 'done' : await add(state, request),
    leave: (_state, _none: undefined, ctx: ActorContext) => ctx.stop(),
  },
  signals: { stopped: (state) => state?.owned.ended() },
});

/** It looks at its lease in the turn in which it writes; what is slow on its way is for the fence. */
async function add(state: State, request: string): Promise<AddReply> {
  const { hold, store, user, hear } = state.owned;
  if (!hold.isHeld()) {
    hear({ kind: 'held back', copy: user.copy });
    return 'not owner';
  }
  const written = await store.write(user, state.count + 1, request);
  if (!written.ok) return 'not owner';
  state.count++;
  if (request !== '') state.requests.add(request);
  return 'done';
}

export const nameOf = (key: string): string => `owned-${key}`;

/** Whoever owns the key there when a message arrives, if anybody does. */
export const ownerAt = (node: string, key: string): ActorRef =>
  new ActorRef(node as NodeId, MAIN_THREAD, `root/${nameOf(key)}`, 0);
