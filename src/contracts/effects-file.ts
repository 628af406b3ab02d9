/**
 * What an operator sets up for skills: channels that they may send notes to, models that they may ask, and the file of secrets. A grant
 * names what of it a run may use; what is not here is refused, whatever is granted.
 */
import Type, { type Static } from 'typebox';
import { LIMITS } from './limits.ts';

const closed = { additionalProperties: false } as const;
const name = '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$';

const endpoint = {
  url: Type.String({ minLength: 1, maxLength: 2_000, description: 'http or https.' }),
  secret: Type.Optional(
    Type.String({ description: 'Name of the secret that is sent as `Authorization: Bearer …`.' }),
  ),
  privateAddresses: Type.Optional(
    Type.Boolean({ description: 'Lets its host have a loopback or private address.' }),
  ),
  perMinute: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: `Calls of this node in a minute; default ${LIMITS.serviceCallsPerMinute}.`,
    }),
  ),
};

const ChannelSchema = Type.Union([
  Type.Object(endpoint, { ...closed, description: 'A webhook: notes are posted to it as JSON.' }),
  Type.Object(
    { log: Type.Literal(true), perMinute: endpoint.perMinute },
    { ...closed, description: 'The log of the node.' },
  ),
]);

const ModelSchema = Type.Object(
  {
    ...endpoint,
    model: Type.Optional(
      Type.String({ description: 'As the provider calls it; default: the name here.' }),
    ),
    maxTokens: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The most that one completion may have.' }),
    ),
  },
  { ...closed, description: 'An endpoint that speaks chat completions as OpenAI does.' },
);

export const EffectsFileSchema = Type.Object(
  {
    secrets: Type.Optional(
      Type.String({ minLength: 1, description: 'File of secrets, beside this one; mode 0600.' }),
    ),
    notify: Type.Optional(
      Type.Record(Type.String({ pattern: name }), ChannelSchema, { ...closed, maxProperties: 100 }),
    ),
    llm: Type.Optional(
      Type.Record(Type.String({ pattern: name }), ModelSchema, { ...closed, maxProperties: 100 }),
    ),
  },
  { ...closed, $id: 'https://skein.dev/schemas/effects.json', title: 'Effects' },
);
export type EffectsFile = Static<typeof EffectsFileSchema>;
export type NotifyChannel = Static<typeof ChannelSchema>;
export type LlmModel = Static<typeof ModelSchema>;
