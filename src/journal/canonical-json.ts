/**
 * The one text of a JSON value: RFC 8785 (JSON Canonicalization Scheme), keys sorted by UTF-16 code unit, no white space.
 * The `canonicalize` package writes the same text and is the oracle of the property tests; this walk exists because it
 * also refuses what is not JSON (that package turns `[() => 1]` into `[]`), and because it takes half the time, which is
 * half of what an append costs beside the disk.
 */
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';

/** Nesting beyond this is refused, so that no value can exhaust the stack of whoever reads it back. */
const DEPTH_MAX = 512;

class NotJson extends Error {
  readonly found: string;
  constructor(found: string) {
    super(found);
    this.found = found;
  }
}

/**
 * A property that is `undefined` is left out, as `JSON.stringify` does; `-0` is written as `0`. Everything else that JSON
 * cannot hold (functions, bigint, NaN, class instances, lone surrogates, cycles, holes in arrays) is refused.
 * @returns the text, or ARGUMENT_INVALID naming `argument` and what was found
 */
export function canonicalJson(value: unknown, argument: string): Result<string> {
  try {
    return success(write(value, 0));
  } catch (thrown) {
    const found = thrown instanceof NotJson ? thrown.found : reasonOf(thrown);
    return failure('ARGUMENT_INVALID', { argument, found, expected: 'a JSON value' });
  }
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson(String(value));
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === DEPTH_MAX) throw new NotJson(`nesting or a cycle deeper than ${DEPTH_MAX}`);
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      throw new NotJson(typeof value);
  }
}

/** Printable ASCII that needs no escape: most keys and short values, spared the call. */
const PLAIN = /^[ !#-[\]-~]{0,64}$/;

/** A lone surrogate has no UTF-8 bytes; written anyway it would come back as another character. */
function writeString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new NotJson('a lone surrogate in a string');
  return JSON.stringify(text);
}

function writeArray(values: readonly unknown[], depth: number): string {
  let text = '[';
  for (let at = 0; at < values.length; at++) {
    if (at > 0) text += ',';
    text += write(values[at], depth);
  }
  return `${text}]`;
}

function writeObject(value: object, depth: number): string {
  if (!isPlain(value)) throw new NotJson(`an instance of ${value.constructor?.name ?? 'a class'}`);
  const record = value as Record<string, unknown>;
  let text = '{';
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${writeString(key)}:${write(member, depth)}`;
  }
  return `${text}}`;
}

/** Plain in any realm: its prototype is null, or is the root of its own realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
