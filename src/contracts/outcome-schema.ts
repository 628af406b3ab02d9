/** The structured outcome as a JSON Schema (2020-12), for whoever reads one from `skein run --json`, a journal or the API. */
import Type from 'typebox';
import { ERROR_TABLE } from './error-table.ts';

const figure = Type.Number({ minimum: 0 });
export const UsageSchema = Type.Object(
  {
    wallMs: figure,
    cpuMs: figure,
    heapPeakBytes: figure,
    hostCalls: figure,
    egressBytes: figure,
    outputBytes: figure,
    logBytes: figure,
  },
  { additionalProperties: false },
);

const facts = {
  runId: Type.String({ pattern: '^run-' }),
  correlationId: Type.String({
    pattern: '^[0-9a-f]{32}$',
    description: 'The trace ID (W3C) of everything that was done for it.',
  }),
  attempts: Type.Integer({ minimum: 0 }),
  usage: UsageSchema,
  elapsedMs: figure,
};

export const ErrorSchema = Type.Object(
  {
    code: Type.Union(Object.keys(ERROR_TABLE).map((code) => Type.Literal(code))),
    message: Type.String({ minLength: 1 }),
    retryable: Type.Boolean(),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

export const OutcomeSchema = Type.Union(
  [
    Type.Object(
      { ok: Type.Literal(true), value: Type.Unknown(), ...facts },
      { additionalProperties: false },
    ),
    Type.Object(
      { ok: Type.Literal(false), error: ErrorSchema, step: Type.Optional(Type.String()), ...facts },
      { additionalProperties: false },
    ),
  ],
  { $id: 'https://skein.dev/schemas/outcome.json', title: 'Skein structured outcome' },
);
