/**
 * The canonical text of JSON data (RFC 8785): what an output's hash is over. The same bytes as the package `canonicalize`
 * gives (a test compares them) in a fraction of its time, since a large output must not hold up the thread: data from a
 * sandbox is plain, finite and well formed by now, and mostly has its keys in order, where `JSON.stringify` is canonical.
 */
import type { Json } from '../contracts/index.ts';

export const canonicalJson = (value: Json): string =>
  isInOrder(value) ? JSON.stringify(value) : sortedText(value);

function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (isList(value)) return value.every(isInOrder);
  let before = '';
  for (const key of Object.keys(value)) {
    if (key < before || !isInOrder(value[key] ?? null)) return false;
    before = key;
  }
  return true;
}

function sortedText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(sortedText).join(',')}]`;
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedText(value[key] ?? null)}`);
  return `{${parts.join(',')}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
