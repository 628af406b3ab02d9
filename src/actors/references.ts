/**
 * References in a plan: `${input.city}`, `${steps.fetch.body[0].price}`, `${item}`, `${index}`. A string that is one
 * reference becomes the value itself; inside a longer string it becomes text. Own properties alone; nothing is run.
 */
import type { Json } from '../contracts/index.ts';

export interface Scope {
  readonly input: unknown;
  readonly steps: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
  readonly index?: number;
}

export type Resolved =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly reference: string; readonly reason: string };

const REFERENCE = /\$\{([^}]*)\}/g;
const WHOLE = /^\$\{([^}]*)\}$/;
const PATH = /^(input|steps|item|index)((?:\.[A-Za-z_$][\w$-]*|\[\d+\]|\["[^"\\]*"\])*)$/;
const PART = /\.([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["([^"\\]*)"\]/g;

class Unresolved extends Error {
  readonly reference: string;
  constructor(reference: string, reason: string) {
    super(reason);
    this.reference = reference;
  }
}

/** Replaces every reference in a template. */
export function resolveReferences(template: unknown, scope: Scope): Resolved {
  try {
    return { ok: true, value: replaceIn(template, scope) };
  } catch (thrown) {
    if (thrown instanceof Unresolved)
      return { ok: false, reference: thrown.reference, reason: thrown.message };
    throw thrown;
  }
}

/** Why a reference is malformed, or undefined. */
export function referenceFault(reference: string): string | undefined {
  if (PATH.test(reference)) return undefined;
  return 'write input, steps.<id>, item or index, followed by .name or [number]';
}

/** Every reference in a template, with the JSON Pointer of the string it stands in. */
export function referencesIn(
  template: unknown,
  pointer: string,
): { readonly reference: string; readonly pointer: string }[] {
  if (typeof template === 'string') {
    return Array.from(template.matchAll(REFERENCE), (match) => ({
      reference: match[1] ?? '',
      pointer,
    }));
  }
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, part]) => referencesIn(part, `${pointer}/${key}`));
}

/** The step that a reference needs, when it needs one. */
export const stepOf = (reference: string): string | undefined =>
  /^steps\.([A-Za-z_$][\w$-]*)/.exec(reference)?.[1];

function replaceIn(template: unknown, scope: Scope): Json {
  if (typeof template === 'string') return replaceText(template, scope);
  if (Array.isArray(template)) return template.map((part) => replaceIn(part, scope));
  if (typeof template !== 'object' || template === null) return (template ?? null) as Json;
  const entries = Object.entries(template).map(
    ([key, part]) => [key, replaceIn(part, scope)] as const,
  );
  return Object.fromEntries(entries);
}

function replaceText(text: string, scope: Scope): Json {
  const whole = WHOLE.exec(text);
  if (whole) return lookUp(whole[1] ?? '', scope);
  return text.replace(REFERENCE, (_match, reference: string) => {
    const value = lookUp(reference, scope);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function lookUp(reference: string, scope: Scope): Json {
  const path = PATH.exec(reference);
  if (!path) throw new Unresolved(reference, referenceFault(reference) ?? 'it is malformed');
  let value: unknown = scope[path[1] as keyof Scope];
  if (value === undefined) throw new Unresolved(reference, `there is no ${path[1]} here`);
  for (const part of (path[2] ?? '').matchAll(PART)) {
    const key = part[1] ?? part[2] ?? part[3] ?? '';
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      throw new Unresolved(reference, `there is no ${key}`);
    }
    value = (value as Record<string, unknown>)[key];
  }
  return value as Json;
}
