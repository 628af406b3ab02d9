/**
 * Checks a value against a JSON Schema that a skill's author wrote. Runs in the host process only: a pattern in the schema
 * can be as hostile as any code, so its time is the host's, and the node's watchdog ends it. Interpreted, never compiled.
 */
import { Check, Errors } from 'typebox/schema';

export interface SchemaFault {
  readonly pointer: string;
  readonly found: string;
  readonly expected: string;
}

export type SchemaVerdict =
  | { readonly kind: 'fits' }
  | ({ readonly kind: 'differs' } & SchemaFault)
  | { readonly kind: 'unusable'; readonly reason: string };

export function checkAuthorSchema(schema: unknown, value: unknown): SchemaVerdict {
  try {
    if (Check(schema as never, value)) return { kind: 'fits' };
    return { kind: 'differs', ...firstFault(schema, value) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'it cannot be evaluated';
    return { kind: 'unusable', reason: reason.slice(0, 300) };
  }
}

/** The deepest place that differs says most: `/items/3/price` rather than "does not match anyOf" at the top. */
function firstFault(schema: unknown, value: unknown): SchemaFault {
  const [, errors] = Errors(schema as never, value);
  const deepest = errors.reduce(
    (best, error) =>
      best === undefined || levels(error.instancePath) > levels(best.instancePath) ? error : best,
    errors[0],
  );
  const pointer = deepest?.instancePath ?? '';
  const message = deepest?.message ?? 'a value that fits the schema';
  return {
    pointer: pointer.slice(0, 200),
    found: describeAt(value, pointer),
    expected: message.replace(/^must /, 'a value that must ').slice(0, 300),
  };
}

const levels = (pointer: string): number => pointer.split('/').length;

function describeAt(root: unknown, pointer: string): string {
  let here = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    here = typeof here === 'object' && here !== null ? Reflect.get(here, key) : undefined;
  }
  if (here === null || here === undefined) return 'nothing';
  if (Array.isArray(here)) return `a list of ${here.length}`;
  if (typeof here === 'object') return 'an object';
  return `${JSON.stringify(here)}`.slice(0, 100);
}
