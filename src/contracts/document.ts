/** Reads YAML or JSON text and finds the line of any value in it, so that an error can name it. */
import { LineCounter, parseDocument } from 'yaml';
import type { Checked, Mismatch } from './check.ts';
import { reasonOf } from './errors.ts';

export type DocumentError = Mismatch & { readonly line?: number };

export type ReadDocument<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DocumentError };

/** JSON is YAML too, so one reader serves both. Tags and merge keys mean nothing; aliases are bounded by the library. */
export function readDocument<T>(
  text: string,
  check: (value: unknown) => Checked<T>,
): ReadDocument<T> {
  const lines = new LineCounter();
  if (nestingOf(text) > NESTING_MAX) {
    const found = `brackets nested deeper than ${NESTING_MAX}`;
    return { ok: false, error: { pointer: '/', found, expected: 'a flatter document' } };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const [broken] = document.errors;
    if (broken) {
      const { line } = lines.linePos(broken.pos[0]);
      return {
        ok: false,
        error: { pointer: '/', line, found: broken.message, expected: 'YAML or JSON' },
      };
    }
    const checked = check(document.toJS());
    if (checked.ok) return checked;
    const line = lineOf(document, lines, checked.mismatch.pointer);
    return { ok: false, error: { ...checked.mismatch, ...(line === undefined ? {} : { line }) } };
  } catch (thrown) {
    return {
      ok: false,
      error: { pointer: '/', found: reasonOf(thrown), expected: 'YAML or JSON' },
    };
  }
}

/** The parser's time grows with the square of the nesting. Brackets in texts count too, which no honest document minds. */
const NESTING_MAX = 500;

function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x5b || character === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((character === 0x5d || character === 0x7d) && depth > 0) depth--;
  }
  return deepest;
}

/** The line of the deepest part of the pointer that exists in the text. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  pointer: string,
): number | undefined {
  const path = pointer
    .split('/')
    .slice(1)
    .filter((part) => part !== '');
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length).map(asKey), true) as
      | { range?: [number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

const asKey = (part: string): string | number =>
  /^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~');
