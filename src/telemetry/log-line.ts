/** The shape of every JSON log line, for whoever parses them. Lines of a request carry its `correlationId`. */
import Type, { type Static } from 'typebox';

export const LogLineSchema = Type.Object(
  {
    level: Type.Union([
      Type.Literal('debug'),
      Type.Literal('info'),
      Type.Literal('warn'),
      Type.Literal('error'),
    ]),
    time: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }),
    message: Type.String({ minLength: 1, description: 'What happened, for a person.' }),
    node: Type.String({ pattern: '^n-' }),
    thread: Type.String({ minLength: 1 }),
    correlationId: Type.Optional(
      Type.String({ pattern: '^[0-9a-f]{32}$', description: 'The request that it belongs to.' }),
    ),
    actor: Type.Optional(Type.String({ pattern: '^skein://' })),
    skill: Type.Optional(Type.String()),
  },
  {
    $id: 'https://skein.dev/schemas/log-line.json',
    title: 'Skein log line',
    additionalProperties: true,
  },
);
export type LogLine = Static<typeof LogLineSchema>;
