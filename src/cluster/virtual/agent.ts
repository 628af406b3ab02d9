/** The actor by which other nodes reach the virtual actors of this one: `virtual`, one a node. */
import { LIMITS } from '../../contracts/index.ts';
import { type ActorContext, defineActor, type RefOf } from '../../kernel/index.ts';
import type { KindHost } from './kind-host.ts';
import { notHere, type VirtualAnswer } from './virtual-actor.ts';
import { isKey } from './virtual-address.ts';

export interface Delivery {
  readonly kind: string;
  readonly key: string;
  readonly type: string;
  readonly payload?: unknown;
  /** How long the message may wait for the actor to come to life: what its sender has left. */
  readonly waitMs: number;
}

export const AGENT_NAME = 'virtual';
/** Of a top-level actor, as its system addresses it. */
export const AGENT_PATH = `root/${AGENT_NAME}`;
const WAIT_MS_MAX = 60_000;

export interface AgentWorld {
  readonly hostOf: (kind: string) => KindHost | undefined;
}

export const virtualAgent = defineActor({
  kind: 'virtual-agent',
  initial: (world: AgentWorld, _ctx: ActorContext) => world,
  receive: {
    deliver: (world, delivery: Delivery, ctx: ActorContext) =>
      ctx.replyLater(deliver(world, delivery, ctx)),
  },
  mailbox: { capacity: LIMITS.virtualWaiting },
});
export type VirtualAgent = RefOf<typeof virtualAgent>;

/** What comes from another node is looked at before it is used. */
async function deliver(
  { hostOf }: AgentWorld,
  delivery: Delivery,
  ctx: ActorContext,
): Promise<VirtualAnswer> {
  const { kind, key, type, payload, waitMs } = Object(delivery) as Delivery;
  const { ask } = ctx.detached();
  const isGood = typeof key === 'string' && typeof type === 'string' && Number.isFinite(waitMs);
  const host = typeof kind === 'string' ? hostOf(kind) : undefined;
  if (!host) return notHere('the kind is not registered there');
  if (!isGood || !isKey(kind, key) || type.startsWith('$')) return notHere('it is no delivery');
  const boundMs = Math.min(Math.max(0, waitMs), WAIT_MS_MAX);
  return host.deliver(key, boundMs, (ref) => ask(ref, type, payload, { timeoutMs: WAIT_MS_MAX }));
}
