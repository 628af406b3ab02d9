/** A request as it comes in from a caller: copied once as plain data and checked, before anything looks at it. */
import Type from 'typebox';
import {
  type CapabilityGrants,
  CeilingSchema,
  checker,
  failure,
  GrantSchema,
  grantsFrom,
  plainCopy,
  type Result,
  success,
} from '../contracts/index.ts';
import type { ExecuteRequest } from './execute.ts';

const closed = { additionalProperties: false } as const;
const word = Type.String({ minLength: 1, maxLength: 4_096 });
const RequestSchema = Type.Object(
  {
    target: Type.Union([
      Type.Object(
        { kind: Type.Literal('plan-text'), text: Type.String(), file: Type.Optional(word) },
        closed,
      ),
      Type.Object({ kind: Type.Literal('plan'), plan: Type.Unknown() }, closed),
      Type.Object({ kind: Type.Literal('skill'), skill: Type.String() }, closed),
    ]),
    input: Type.Optional(Type.Unknown()),
    tenant: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' })),
    grants: Type.Optional(GrantSchema),
    profile: Type.Optional(CeilingSchema),
  },
  closed,
);
const check = checker(RequestSchema);

/** Failure: ARGUMENT_INVALID with the place. */
export function readRequest(given: unknown): Result<ExecuteRequest> {
  const copied = plainCopy(given);
  const checked = copied.ok ? check(copied.value) : copied;
  if (!checked.ok) {
    const [, argument = ''] = checked.mismatch.pointer.split('/');
    return failure('ARGUMENT_INVALID', { argument: argument || 'request', ...checked.mismatch });
  }
  const { grants, ...request } = checked.value;
  return success({
    ...request,
    ...(grants ? { grants: grantsGiven(grants) } : {}),
  } as ExecuteRequest);
}

/** Defaults inside what was given; what was not given stays open for the plan to say. */
function grantsGiven(grants: Parameters<typeof grantsFrom>[0] & object): CapabilityGrants {
  const full = Object.entries(grantsFrom(grants));
  return Object.fromEntries(full.filter(([name]) => Object.hasOwn(grants, name)));
}
