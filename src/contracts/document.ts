/** Reads YAML or JSON text and finds the line of any value in it, so that an error can name it. */
import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { Checked, Mismatch } from './check.ts';
import { reasonOf } from './errors.ts';

export type DocumentError = Mismatch & { readonly line?: number };

export type ReadDocument<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DocumentError };

/** JSON is YAML too, so one reader serves both. Tags and merge keys mean nothing. Its time is linear. */
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
      // The parser compares each key with every other; `brokenRule` needs one look at each.
      uniqueKeys: false,
    });
    const [broken = brokenRule(document)] = document.errors.map(({ pos, message }) => ({
      at: pos[0],
      found: message,
      expected: 'YAML or JSON',
    }));
    if (broken) {
      const { at, ...error } = broken;
      return { ok: false, error: { pointer: '/', line: lines.linePos(at).line, ...error } };
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

/** To resolve an alias the library walks the whole document. */
const ALIASES_MAX = 100;

interface BrokenRule {
  readonly at: number;
  readonly found: string;
  readonly expected: string;
}

function brokenRule(document: ReturnType<typeof parseDocument>): BrokenRule | undefined {
  let broken: BrokenRule | undefined;
  let aliases = 0;
  visit(document, {
    Alias: (_, { range }) => {
      if (++aliases <= ALIASES_MAX) return undefined;
      broken = { at: range?.[0] ?? 0, found: 'more aliases', expected: `at most ${ALIASES_MAX}` };
      return visit.BREAK;
    },
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          const found = `the key ${JSON.stringify(name.slice(0, 80))} twice`;
          broken = { at: key.range?.[0] ?? 0, found, expected: 'keys that are unique' };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return broken;
}

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
