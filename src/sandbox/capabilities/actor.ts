/**
 * Capability `actor`: messages to virtual actors, `ctx.actor.tell(kind, key, message, body)` and `ask(kind, key, message, body,
 * { timeoutMs })`. A kind is that of a skill package's actor, of the skill's own tenant, or one that the program around the node
 * registered. Actors of the node itself have no kind, so no grant reaches them.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { failure, type Json, LIMITS, type Result, type TenantId } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import { type Capability, resourceId } from './capability.ts';

export interface ActorCall {
  readonly kind: string;
  readonly key: string;
  readonly message: string;
  readonly body: Json;
  readonly tenant: TenantId;
  readonly timeoutMs: number;
}

export interface Actors {
  /** Its reply. Failures: those of the turn, VIRTUAL_*, ASK_TIMEOUT. Never rejects. */
  readonly ask: (call: ActorCall) => Promise<Result<Json>>;
  /** Null once it is on its way; what becomes of it is not heard of. Failure: OVERLOADED. Never rejects. */
  readonly tell: (call: ActorCall) => Promise<Result<Json>>;
}

const options = Compile(
  Type.Object(
    { timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.skillWallMsMax })) },
    { additionalProperties: false },
  ),
);
const TIMEOUT_MS = 10_000;
const isName = (given: unknown): given is string =>
  typeof given === 'string' && given.length > 0 && given.length <= 64 && !given.startsWith('$');

export const actor: Capability<'actor'> = {
  name: 'actor',
  calls: Object.keys(CALLS.actor),
  effective: (asked, granted) =>
    asked && granted
      ? { kinds: asked.kinds.filter((name) => granted.kinds.includes(name)) }
      : undefined,
  missing: ({ actors }) => (actors ? undefined : 'this node has no virtual actors'),
  serve: async ({ name, args, tenant }, { kinds }, { actors }) => {
    const [kind, key, message, body = null, written = {}] = args;
    const isKey = typeof key === 'string' && key.length > 0 && key.length <= LIMITS.stateKeyLength;
    if (!isName(kind) || !isKey || !isName(message) || !options.Check(written)) {
      const reason = 'the arguments are kind, key, message, body?, { timeoutMs? }?';
      return failure('HOST_CALL_INVALID', { capability: 'actor', reason });
    }
    if (!kinds.includes(kind)) {
      const reason = `kind ${kind} was not granted`;
      return failure('CAPABILITY_DENIED', { capability: 'actor', reason });
    }
    if (!actors) return failure('INTERNAL', { reason: 'actor without actors' });
    const { timeoutMs = TIMEOUT_MS } = written;
    const call = { kind, key, message, body, tenant, timeoutMs };
    return name === 'actor.tell' ? actors.tell(call) : actors.ask(call);
  },
  actionOf: ({ args: [kind, key, message] }) => ({
    resource: { type: 'ActorKind', id: resourceId(kind) },
    attributes: { key: resourceId(key), message: resourceId(message) },
  }),
};
