/**
 * What other nodes reach of this node's key-value store while they do calls for it: the space of one skill and tenant, nothing else.
 * The store's own actor takes no messages from other nodes.
 */
import { failure } from '../../contracts/index.ts';
import { type ActorContext, type ActorRef, defineActor } from '../../kernel/index.ts';

interface GateArgs {
  readonly kv: ActorRef;
  readonly space: string;
}

interface SpaceRequest {
  readonly space: string;
}

const passOn = (type: 'get' | 'put' | 'list' | 'delete') => {
  return ({ kv, space }: GateArgs, request: SpaceRequest | null, ctx: ActorContext) => {
    if (request?.space === space) return ctx.forward(kv, type, request);
    return failure('CAPABILITY_DENIED', { capability: 'kv', reason: 'it is the space of another' });
  };
};

export const kvGate = defineActor({
  kind: 'kv-gate',
  initial: (args: GateArgs) => args,
  receive: {
    get: passOn('get'),
    put: passOn('put'),
    list: passOn('list'),
    delete: passOn('delete'),
  },
});
