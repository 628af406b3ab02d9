/** Capability `llm`: `ctx.llm.complete({ model, messages, maxTokens, temperature, timeoutMs })` by a model that the operator set up. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { failure, LIMITS, smaller } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import { type Capability, resourceId } from './capability.ts';

const completion = Compile(
  Type.Object(
    {
      model: Type.String({ minLength: 1, maxLength: 64 }),
      messages: Type.Array(
        Type.Object(
          {
            role: Type.Union([
              Type.Literal('system'),
              Type.Literal('user'),
              Type.Literal('assistant'),
            ]),
            content: Type.String(),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 1_000 },
      ),
      maxTokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
      temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.skillWallMsMax })),
    },
    { additionalProperties: false },
  ),
);
const MAX_TOKENS = 1_024;
const TIMEOUT_MS = 60_000;

export const llm: Capability<'llm'> = {
  name: 'llm',
  calls: Object.keys(CALLS.llm),
  effective: (asked, granted) =>
    asked && granted
      ? {
          models: asked.models.filter((name) => granted.models.includes(name)),
          ...smaller('maxTokens', asked.maxTokens, granted.maxTokens),
        }
      : undefined,
  missing: ({ models }) => (models ? undefined : 'this node has no models'),
  serve: async ({ args: [given], tenant, skill }, grant, { models }) => {
    if (!completion.Check(given)) {
      const reason =
        'the argument is { model, messages: [{ role, content }], maxTokens?, temperature?, timeoutMs? }';
      return failure('HOST_CALL_INVALID', { capability: 'llm', reason });
    }
    const { maxTokens: most = Number.POSITIVE_INFINITY } = grant;
    const { maxTokens = Math.min(MAX_TOKENS, most), timeoutMs = TIMEOUT_MS, ...rest } = given;
    const denied = (reason: string) => failure('CAPABILITY_DENIED', { capability: 'llm', reason });
    if (!grant.models.includes(given.model)) return denied(`model ${given.model} was not granted`);
    if (maxTokens > most) return denied(`${maxTokens} tokens are more than the ${most} granted`);
    return models
      ? models.complete({ ...rest, maxTokens, timeoutMs, tenant, skill })
      : failure('INTERNAL', { reason: 'llm without models' });
  },
  actionOf: ({ args: [given] }) => {
    const { model, maxTokens } = Object(given) as { model?: unknown; maxTokens?: unknown };
    const tokens = Number.isSafeInteger(maxTokens) ? (maxTokens as number) : MAX_TOKENS;
    return {
      resource: { type: 'Model', id: resourceId(model) },
      attributes: { maxTokens: tokens },
    };
  },
};
