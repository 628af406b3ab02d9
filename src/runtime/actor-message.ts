/** A message to the actor of a skill package as it comes in from a caller: copied once as plain data and checked. */
import Type from 'typebox';
import {
  checker,
  DEFAULT_TENANT,
  failure,
  type Json,
  LIMITS,
  plainCopy,
  type Result,
  success,
  type TenantId,
} from '../contracts/index.ts';

export interface ActorMessage {
  /** The name of the skill. */
  readonly skill: string;
  readonly key: string;
  readonly type: string;
  /** JSON data; default null. */
  readonly payload?: Json;
  /** Default: `default`. */
  readonly tenant?: string;
  /** Over all tries; default 10,000. The first message after the loss of a node waits for its lease, about 5 s. */
  readonly timeoutMs?: number;
}

const check = checker(
  Type.Object(
    {
      skill: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,63}$' }),
      key: Type.String({ minLength: 1, maxLength: LIMITS.stateKeyLength }),
      type: Type.String({ minLength: 1, maxLength: 64 }),
      payload: Type.Optional(Type.Unknown()),
      tenant: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' })),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
    },
    { additionalProperties: false },
  ),
);

const ASK_MS = 10_000;

export type ReadActorMessage = Required<ActorMessage> & { readonly tenant: TenantId };

/** Failure: ARGUMENT_INVALID with the place. */
export function readActorMessage(given: unknown): Result<ReadActorMessage> {
  const copied = plainCopy(given);
  const checked = copied.ok ? check(copied.value) : copied;
  if (!checked.ok) {
    const [, argument = ''] = checked.mismatch.pointer.split('/');
    return failure('ARGUMENT_INVALID', { argument: argument || 'message', ...checked.mismatch });
  }
  const { skill, key, type, payload = null, tenant, timeoutMs = ASK_MS } = checked.value;
  const tenantId = (tenant ?? DEFAULT_TENANT) as TenantId;
  return success({ skill, key, type, payload: payload as Json, tenant: tenantId, timeoutMs });
}
