/** Holds a value to the rules of a run, in the host process: it loads nothing of the node. */
import { checkAuthorSchema, type SchemaVerdict } from './author-schema.ts';
import type { SchemaRule } from './run-rules.ts';

/** @returns the first verdict that is not `fits` */
export function checkRules(rules: readonly SchemaRule[], value: unknown): SchemaVerdict {
  for (const { at, pointer, schema } of rules) {
    const part = at.reduce((whole, key) => Reflect.get(Object(whole), key), value);
    const verdict = checkAuthorSchema(schema, part);
    if (verdict.kind === 'fits') continue;
    if (verdict.kind === 'unusable') return verdict;
    return { ...verdict, pointer: `${pointer}${verdict.pointer}` };
  }
  return { kind: 'fits' };
}
