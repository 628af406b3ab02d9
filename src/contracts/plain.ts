/** Plain data out of whatever a caller passes: read once, copied, so that nothing can change or run between check and use. */
import type { Mismatch } from './check.ts';
import type { Json } from './outcome.ts';

export type PlainCopy =
  | { readonly ok: true; readonly value: Json | undefined }
  | { readonly ok: false; readonly mismatch: Mismatch };

const DEPTH_MAX = 128;
/** Of one list: an array says any length it likes without holding anything. */
const LENGTH_MAX = 1_000_000;

class NotPlain extends Error {
  readonly mismatch: Mismatch;
  constructor(mismatch: Mismatch) {
    super(mismatch.found);
    this.mismatch = mismatch;
  }
}

/** Fields that are undefined are left out, as JSON does. Refused: functions, symbols, cycles, other prototypes, traps that throw. */
export function plainCopy(value: unknown): PlainCopy {
  try {
    return { ok: true, value: copy(value, '', 0) };
  } catch (thrown) {
    return { ok: false, mismatch: mismatchIn(thrown) };
  }
}

function mismatchIn(thrown: unknown): Mismatch {
  try {
    if (thrown instanceof NotPlain) return thrown.mismatch;
  } catch {
    // A proxy was thrown that cannot even be asked what it is.
  }
  return { pointer: '/', found: 'a value that cannot be read', expected: 'JSON data' };
}

function copy(value: unknown, pointer: string, depth: number): Json | undefined {
  const refuse = (found: string, expected = 'JSON data'): never => {
    throw new NotPlain({ pointer: pointer || '/', found, expected });
  };
  if (value === null || value === undefined) return value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(String(value));
  if (typeof value !== 'object') return refuse(`a ${typeof value}`);
  if (depth >= DEPTH_MAX) return refuse('more levels', `at most ${DEPTH_MAX} levels, no cycle`);
  if (Array.isArray(value)) {
    if (value.length > LENGTH_MAX) refuse(`${value.length} items`, `at most ${LENGTH_MAX} items`);
    return Array.from(value, (part, at) => copy(part, `${pointer}/${at}`, depth + 1) ?? null);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuse('an object of a class');
  const entries = Object.entries(value).map(
    ([key, part]) => [key, copy(part, `${pointer}/${key}`, depth + 1)] as const,
  );
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined)) as Json;
}
