/**
 * Stateful actors in skill packages: what a manifest says of one, and what goes into the wall and comes out for one turn. Every
 * turn is one run in a sandbox: the state goes in as data and comes out as data, and the node alone keeps it.
 */
import Type, { type Static } from 'typebox';
import { AuthorSchema } from './author-schema.ts';
import { LIMITS } from './limits.ts';
import type { Json } from './outcome.ts';

const closed = { additionalProperties: false } as const;
const MESSAGE_TYPES_MAX = 100;

export const ActorModuleSchema = Type.Object(
  {
    messages: Type.Record(
      Type.String({ pattern: '^[a-z][A-Za-z0-9_-]{0,63}$' }),
      Type.Object(
        {
          input: AuthorSchema,
          output: Type.Optional(AuthorSchema),
          description: Type.Optional(Type.String({ maxLength: 500 })),
        },
        closed,
      ),
      {
        ...closed,
        minProperties: 1,
        maxProperties: MESSAGE_TYPES_MAX,
        description: 'The messages it takes, by type.',
      },
    ),
    state: Type.Optional(AuthorSchema),
    passivateAfterIdleMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: 86_400_000,
        description: 'Without messages for so long it leaves memory; default 60,000.',
      }),
    ),
  },
  closed,
);
export type ActorDeclaration = Static<typeof ActorModuleSchema>;

/** Why the actor is called. */
export type TurnCause =
  | { readonly kind: 'message'; readonly type: string; readonly payload: Json }
  | {
      readonly kind: 'reminder';
      readonly name: string;
      readonly sequence: number;
      readonly dueAtMs: number;
      readonly payload: Json;
    };

/** What a turn is given, inside the wall. */
export interface TurnInput {
  readonly key: string;
  readonly cause: TurnCause;
  /** null: nobody has kept one yet, `initial` makes it. */
  readonly state: Json;
  /** The version of the package that made the state; null with the state. */
  readonly stateVersion: string | null;
  /** The version that runs now. */
  readonly version: string;
}

const reminderName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' });

/** What a turn gives back. The skill is not believed: whatever has another shape is SKILL_OUTPUT_INVALID. */
export const TurnOutputSchema = Type.Object(
  {
    reply: Type.Unsafe<Json>({}),
    state: Type.Unsafe<Readonly<Record<string, Json>>>({ type: 'object' }),
    /** Set or cancelled in this order. */
    reminders: Type.Array(
      Type.Union([
        Type.Object(
          {
            name: reminderName,
            afterMs: Type.Number({ minimum: 0 }),
            payload: Type.Unsafe<Json>({}),
          },
          closed,
        ),
        Type.Object(
          {
            name: reminderName,
            everyMs: Type.Number({ minimum: 0 }),
            payload: Type.Unsafe<Json>({}),
          },
          closed,
        ),
        Type.Object({ name: reminderName, cancel: Type.Literal(true) }, closed),
      ]),
      { maxItems: 4 * LIMITS.virtualReminders },
    ),
    passivate: Type.Boolean(),
    erase: Type.Boolean(),
  },
  closed,
);
export type TurnOutput = Static<typeof TurnOutputSchema>;
