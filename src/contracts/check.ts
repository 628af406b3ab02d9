/** Checks a value against a schema and says, for a person, what is wrong first and where. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

export interface Mismatch {
  /** JSON Pointer (RFC 6901) to the value; `/` for the whole. */
  readonly pointer: string;
  readonly found: string;
  readonly expected: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly mismatch: Mismatch };

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Makes a checker: compiled once, used often. Unknown fields are found when the schema forbids them. */
export function checker<S extends TSchema>(schema: S): (value: unknown) => Checked<Static<S>> {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return { ok: true, value: value as Static<S> };
    return { ok: false, mismatch: firstMismatch(validator.Errors(value) as SchemaError[], value) };
  };
}

/** Of several complaints the deepest is the plainest: an outer one often only says that an inner one exists. */
export function firstMismatch(errors: readonly SchemaError[], value: unknown): Mismatch {
  const depth = (error: SchemaError) => error.instancePath.split('/').length;
  const plain = errors.filter((error) => error.keyword !== 'boolean');
  const [first] = [...plain].sort((a, b) => rank(a) - rank(b) || depth(b) - depth(a));
  if (!first) return { pointer: '/', found: preview(value), expected: 'a value of the schema' };
  return describe(first, value);
}

/** An unknown or a missing field explains more than the failed alternatives around it. */
const rank = ({ keyword }: SchemaError): number =>
  keyword === 'additionalProperties' || keyword === 'required' ? 0 : keyword === 'anyOf' ? 2 : 1;

function describe(error: SchemaError, root: unknown): Mismatch {
  const at = valueAt(root, error.instancePath);
  const pointer = error.instancePath || '/';
  if (error.keyword === 'required') {
    const missing = (error.params.requiredProperties as readonly string[]).join(', ');
    return { pointer, found: `no ${missing}`, expected: `the field ${missing}` };
  }
  if (error.keyword === 'additionalProperties') {
    const [unknown = ''] = error.params.additionalProperties as readonly string[];
    return {
      pointer: `${error.instancePath}/${unknown}`,
      found: `unknown field ${unknown}`,
      expected: 'only fields of the schema',
    };
  }
  return { pointer, found: preview(at), expected: expectation(error) };
}

function expectation({ keyword, params, message }: SchemaError): string {
  if (keyword === 'const') return JSON.stringify(params.allowedValue);
  if (keyword === 'enum') return `one of ${JSON.stringify(params.allowedValues)}`;
  return message.replace(/^must be /, '').replace(/^must /, 'a value that must ');
}

function valueAt(root: unknown, pointer: string): unknown {
  let at = root;
  for (const part of pointer.split('/').slice(1)) {
    at = (at as Record<string, unknown> | undefined)?.[
      part.replaceAll('~1', '/').replaceAll('~0', '~')
    ];
  }
  return at;
}

/** A value in at most 80 characters, for an error message. */
export function preview(value: unknown): string {
  if (value === undefined) return 'nothing';
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    text = typeof value;
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
