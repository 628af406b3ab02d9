/**
 * Text from a skill, made safe to show: one record stays one line, and a terminal obeys nothing in it. Control characters,
 * line and paragraph separators, invisible format characters (bidi marks among them) and lone surrogates become `\uXXXX`.
 * The two joiners that emoji and scripts need are left alone.
 */
import type { Json, Result, SkeinError } from '../contracts/index.ts';

const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const escapeUnits = (text: string): string =>
  Array.from({ length: text.length }, (_, at) => {
    return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');

export function printable(text: string, maxLength: number): string {
  const kept = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return kept.replace(UNPRINTABLE, escapeUnits);
}

/** The same for a stack trace, whose line ends are wanted. */
export const printableLines = (text: string, maxLength: number): string =>
  text
    .slice(0, maxLength)
    .split('\n')
    .map((line) => printable(line, maxLength))
    .join('\n');

/** The same for every string and key inside a value. */
export function printableJson(value: Json, maxLength: number): Json {
  if (typeof value === 'string') return printable(value, maxLength);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => printableJson(item, maxLength));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      printable(key, maxLength),
      printableJson(item, maxLength),
    ]),
  );
}

/** The same for a failure that tells what a skill has asked for. */
export function printableFailure<T>(result: Result<T>): Result<T> {
  if (result.ok) return result;
  const { error } = result;
  const details = printableJson(error.details as Json, ERROR_CHARACTERS) as SkeinError['details'];
  return {
    ok: false,
    error: { ...error, message: printable(error.message, ERROR_CHARACTERS), details },
  };
}
const ERROR_CHARACTERS = 4_000;

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
