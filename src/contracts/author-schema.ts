import Type from 'typebox';

/** A JSON Schema (2020-12) written by the skill's author. It is evaluated in the sandbox's host process, never in the node. */
export const AuthorSchema = Type.Unsafe<Readonly<Record<string, unknown>> | boolean>({
  type: ['object', 'boolean'],
  description: 'A JSON Schema, draft 2020-12.',
});
