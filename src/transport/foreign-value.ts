/**
 * Values on their way to another node: nil, booleans, finite numbers, text, bytes, lists and maps with text keys. Refs of
 * actors go as maps of one reserved key and come back as refs. Anything else (a Date, a Map, a class, a function) is refused
 * with a reason, at the sender, since the receiver would refuse it.
 */
import { LIMITS } from '../contracts/index.ts';

/** How the owner of refs writes them as text and reads them back. */
export interface RefText {
  readonly isRef: (value: object) => boolean;
  readonly write: (ref: object) => string;
  /** @throws when the text is no ref. */
  readonly read: (text: string) => object;
}

const REF_KEY = '$actor';

/** What a look at a value finds: it can be packed as it is, or has parts to be replaced first. */
const PLAIN = 0;
const HAS_GAPS = 1;
const HAS_REFS = 2;

export interface Portable {
  readonly value: unknown;
  readonly hasRefs: boolean;
}

/** Fields that are undefined are left out and items become null, as JSON does it. @throws for what is no value. */
export function toPortable(value: unknown, refs: RefText): Portable {
  const found = look(value, refs, 0);
  if (found === PLAIN) return { value, hasRefs: false };
  return { value: replaced(value, refs), hasRefs: (found & HAS_REFS) !== 0 };
}

/** The way back, for a value that was sent with refs. @throws for a ref that is none. */
export function fromPortable(value: unknown, refs: RefText): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => fromPortable(item, refs));
  const fields = value as Readonly<Record<string, unknown>>;
  const text = fields[REF_KEY];
  if (text !== undefined) {
    if (typeof text !== 'string' || Object.keys(fields).length !== 1) refuse('a ref that is none');
    return refs.read(text as string);
  }
  return mapFields(fields, (field) => fromPortable(field, refs));
}

function look(value: unknown, refs: RefText, depth: number): number {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return PLAIN;
    case 'number':
      return Number.isFinite(value) ? PLAIN : refuse(`${value}`);
    case 'undefined':
      return HAS_GAPS;
    case 'object':
      return value === null ? PLAIN : lookInside(value, refs, depth);
    default:
      return refuse(`a ${typeof value}`);
  }
}

function lookInside(value: object, refs: RefText, depth: number): number {
  if (depth >= LIMITS.foreignDepth) refuse(`more than ${LIMITS.foreignDepth} levels, or a cycle,`);
  let found = PLAIN;
  if (Array.isArray(value)) {
    if (value.length > LIMITS.foreignItems) refuse(`a list of ${value.length} items`);
    for (let at = 0; at < value.length; at++) found |= look(value[at], refs, depth + 1);
    return found;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (refs.isRef(value)) return HAS_REFS;
    if (value instanceof Uint8Array) return PLAIN;
    return refuse(`a ${value.constructor?.name ?? 'object of a class'}`);
  }
  let keys = 0;
  for (const key in value) {
    if (++keys > LIMITS.foreignKeys) refuse(`a map of more than ${LIMITS.foreignKeys} keys`);
    if (key.length > LIMITS.foreignKeyBytes / 3) checkKey(key);
    if (key === REF_KEY || key === '__proto__' || key.includes('\0'))
      refuse(`the key ${JSON.stringify(key)}`);
    found |= look((value as Readonly<Record<string, unknown>>)[key], refs, depth + 1);
  }
  return found;
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > LIMITS.foreignKeyBytes) {
    refuse(`a key of more than ${LIMITS.foreignKeyBytes} bytes`);
  }
}

function replaced(value: unknown, refs: RefText): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, refs) ?? null);
  if (refs.isRef(value)) return { [REF_KEY]: refs.write(value) };
  return mapFields(value as Readonly<Record<string, unknown>>, (field) => replaced(field, refs));
}

function mapFields(
  fields: Readonly<Record<string, unknown>>,
  change: (field: unknown) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, field]) => [key, change(field)] as const);
  return Object.fromEntries(entries.filter(([, field]) => field !== undefined));
}

const refuse = (what: string): never => {
  throw new TypeError(`${what} cannot be sent to another node`);
};
