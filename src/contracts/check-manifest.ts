/** A manifest as it was read, from YAML as well as JSON: of the schema's shape, and JSON that has canonical bytes (RFC 8785). */
import { type Checked, checker, type Mismatch } from './check.ts';
import { ManifestSchema, type SkillManifest } from './skill.ts';

const checkShape = checker(ManifestSchema);
const DEPTH_MAX = 128;

export function checkManifest(value: unknown): Checked<SkillManifest> {
  const shape = checkShape(value);
  if (!shape.ok) return shape;
  const mismatch = unsoundJson(shape.value);
  return mismatch ? { ok: false, mismatch } : shape;
}

/**
 * What keeps a value from being JSON data that every part of Skein takes: too deep (128 levels), a number or half of a character that
 * JSON does not have, a key `__proto__`. For what no schema of ours describes.
 */
export const unsoundJson = (value: unknown): Mismatch | undefined => unsound(value, '', 0);

function unsound(value: unknown, pointer: string, depth: number): Mismatch | undefined {
  const is = (found: string, expected: string) => ({ pointer: pointer || '/', found, expected });
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : is(String(value), 'a number that JSON has');
  if (typeof value === 'string') return value.isWellFormed() ? undefined : is(HALF, 'text');
  if (typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return is(`a ${typeof value}`, 'JSON data');
  if (depth >= DEPTH_MAX) return is('more levels', `at most ${DEPTH_MAX} levels`);
  if (Array.isArray(value)) return firstOf(value.entries(), pointer, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype)
    return is('an object of a class', 'JSON data');
  const keys = Object.keys(value);
  if (keys.includes('__proto__')) return is('a key __proto__', 'another key');
  if (!keys.every((key) => key.isWellFormed())) return is(`a key with ${HALF}`, 'text');
  return firstOf(Object.entries(value), pointer, depth);
}

const HALF = 'half of a character';

function firstOf(
  entries: Iterable<readonly [string | number, unknown]>,
  pointer: string,
  depth: number,
): Mismatch | undefined {
  for (const [key, part] of entries) {
    const name = String(key).replaceAll('~', '~0').replaceAll('/', '~1');
    const mismatch = unsound(part, `${pointer}/${name}`, depth + 1);
    if (mismatch) return mismatch;
  }
  return undefined;
}
