/** The node's key-value store as an actor, so that skills on any thread reach the one store; and the port in front of it. */
import { failure, type Json, type KeyValue } from '../contracts/index.ts';
import {
  type ActorRef,
  type AskResult,
  type Detached,
  defineActor,
  type RefOf,
} from '../kernel/index.ts';

interface PutRequest {
  readonly space: string;
  readonly key: string;
  readonly value: Json;
  readonly expectedRevision: number | null;
}

export const kvActor = defineActor({
  kind: 'kv',
  initial: (store: KeyValue) => store,
  receive: {
    get: (store, at: { space: string; key: string }, ctx) =>
      ctx.replyLater(store.get(at.space, at.key)),
    put: (store, { space, key, value, expectedRevision }: PutRequest, ctx) =>
      ctx.replyLater(
        store.put(space, key, value, expectedRevision === null ? {} : { expectedRevision }),
      ),
    list: (
      store,
      { space, prefix, limit }: { space: string; prefix: string; limit: number },
      ctx,
    ) => ctx.replyLater(store.list(space, { prefix, limit })),
    delete: (store, at: { space: string; key: string }, ctx) =>
      ctx.replyLater(store.delete(at.space, at.key)),
  },
});

/** The KeyValue port by messages; an ask that got no answer is JOURNAL_UNAVAILABLE. */
export function remoteKeyValue(ref: ActorRef, send: Detached): KeyValue {
  const kv = ref as RefOf<typeof kvActor>;
  const unwrap = <T>(answer: AskResult<T>) =>
    answer.kind === 'answered'
      ? answer.value
      : failure('JOURNAL_UNAVAILABLE', { reason: answer.error.message });
  return {
    get: async (space, key) => unwrap(await send.ask(kv, 'get', { space, key })),
    put: async (space, key, value, { expectedRevision = null } = {}) =>
      unwrap(await send.ask(kv, 'put', { space, key, value, expectedRevision })),
    delete: async (space, key) => unwrap(await send.ask(kv, 'delete', { space, key })),
    list: async (space, { prefix = '', limit = 100 } = {}) =>
      unwrap(await send.ask(kv, 'list', { space, prefix, limit })),
    close: async () => undefined,
  };
}
