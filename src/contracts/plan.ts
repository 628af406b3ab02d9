/** Plans: the file a user writes. Steps form a graph by `needs` and by references to earlier outputs. */
import Type, { type Static } from 'typebox';
import { GrantSchema } from './ceiling.ts';
import { LIMITS } from './limits.ts';

const closed = { additionalProperties: false } as const;

export const RetrySchema = Type.Object(
  {
    attempts: Type.Integer({
      minimum: 1,
      maximum: LIMITS.retryAttempts,
      description: 'Tries in all.',
    }),
    minMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 60_000, description: 'First delay; default 100.' }),
    ),
    maxMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 600_000, description: 'Longest delay; default 5,000.' }),
    ),
    jitterRatio: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Default 0.2.' }),
    ),
  },
  closed,
);

export const VerifySchema = Type.Object(
  {
    replicas: Type.Integer({
      minimum: 2,
      maximum: LIMITS.verifyReplicas,
      description: 'Executions in all.',
    }),
    quorum: Type.Integer({
      minimum: 2,
      maximum: LIMITS.verifyReplicas,
      description: 'How many must agree.',
    }),
  },
  closed,
);

export const ForEachSchema = Type.Object(
  {
    items: Type.Unsafe<unknown>({
      description: 'An array, or a reference to one; the step runs once for each as ${item}.',
    }),
    chunkBytes: Type.Optional(
      Type.Integer({
        minimum: 1_024,
        maximum: LIMITS.skillIoBytesMax,
        description:
          'Items are files: read in pieces of at most this many bytes, cut at line ends.',
      }),
    ),
    inFlight: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 256,
        description: `At once; default ${LIMITS.fanOutInFlight}.`,
      }),
    ),
  },
  closed,
);

const LABELS_MAX = 32;

export const StepPlaceSchema = Type.Object(
  {
    labels: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 64 }), {
        maxProperties: LABELS_MAX,
        description: 'Only nodes that have all of these labels.',
      }),
    ),
    elsewhere: Type.Optional(
      Type.Boolean({ description: 'On another node than the one that carries out the run.' }),
    ),
  },
  closed,
);

export const StepSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' }),
    skill: Type.String({
      minLength: 1,
      maxLength: 200,
      description: '`name`, `name@range` or a folder.',
    }),
    needs: Type.Optional(Type.Array(Type.String(), { maxItems: LIMITS.planSteps })),
    input: Type.Optional(
      Type.Unsafe<unknown>({ description: 'Any value; ${…} refers to other values.' }),
    ),
    forEach: Type.Optional(ForEachSchema),
    retry: Type.Optional(RetrySchema),
    verify: Type.Optional(VerifySchema),
    place: Type.Optional(StepPlaceSchema),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.runWallMs,
        description: 'For one attempt, verification apart.',
      }),
    ),
  },
  closed,
);

export const BudgetSchema = Type.Object(
  {
    wallMs: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.runWallMs })),
    cpuMs: Type.Optional(Type.Integer({ minimum: 1 })),
    attempts: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Executions of skills, retries included.' }),
    ),
    egressBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

export const PlanSchema = Type.Object(
  {
    plan: Type.String({ minLength: 1, maxLength: 200, description: 'What the plan is called.' }),
    description: Type.Optional(Type.String({ maxLength: 2_000 })),
    input: Type.Optional(
      Type.Unsafe<unknown>({
        description: 'Default input; what the caller gives is laid over it.',
      }),
    ),
    grants: Type.Optional(
      Type.Object(GrantSchema.properties, {
        ...closed,
        description: 'What the person who runs the plan lets its skills have. Default: log only.',
      }),
    ),
    steps: Type.Array(StepSchema, { minItems: 1, maxItems: LIMITS.planSteps }),
    output: Type.Optional(
      Type.Unsafe<unknown>({
        description: 'The value of the run; default: the last step’s output.',
      }),
    ),
    budget: Type.Optional(BudgetSchema),
  },
  { ...closed, $id: 'https://skein.dev/schemas/plan.json', title: 'Skein plan' },
);

export type Plan = Static<typeof PlanSchema>;
export type Step = Static<typeof StepSchema>;
export type StepPlace = Static<typeof StepPlaceSchema>;
export type Retry = Static<typeof RetrySchema>;
export type Verify = Static<typeof VerifySchema>;
export type Budget = Static<typeof BudgetSchema>;
