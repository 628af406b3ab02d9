/**
 * Takes secrets out of what a service answered: a skill that may use a secret has not got it, even from a service that sends back what
 * it was sent. Looked for as they are and in the codings that services use, also two of them one in the other: JSON, percent, HTML,
 * base64, hex, another case. Those leave letters and digits as they are, so a text without the longest run of them is done with at once.
 * A service that is in league with the skill can code it otherwise; hosts of a secret are those that its owner trusts with it.
 */
import { LIMITS } from '../../contracts/index.ts';

export const REDACTED = '[secret]';

export type Redact = (text: string) => string;

interface Form {
  readonly length: number;
  /** Lower case; empty when the form has no letter or digit. */
  readonly anchor: string;
  readonly pattern: () => RegExp;
}

export function redactor(values: readonly string[]): Redact {
  const forms = values.flatMap(formsOf).sort((a, b) => b.length - a.length);
  return (text) => {
    const lower = text.toLowerCase();
    return forms.reduce(
      (rest, { anchor, pattern }) =>
        lower.includes(anchor) ? rest.replace(pattern(), REDACTED) : rest,
      text,
    );
  };
}

/** Of the values of a node, of late. */
const known = new Map<string, readonly Form[]>();

function formsOf(value: string): readonly Form[] {
  const found = known.get(value);
  if (found) return found;
  const bytes = Buffer.from(value);
  const texts = [value, bytes.toString('hex'), ...base64Forms(bytes)];
  const made = [...new Set(texts)].map(formOf);
  const [oldest] = known.keys();
  if (known.size >= 2 * LIMITS.secrets && oldest !== undefined) known.delete(oldest);
  known.set(value, made);
  return made;
}

function formOf(text: string): Form {
  const runs = text.toLowerCase().match(/[a-z0-9]+/g) ?? [''];
  const anchor = runs.reduce((longest, run) => (run.length > longest.length ? run : longest));
  let made: RegExp | undefined;
  return {
    length: text.length,
    anchor,
    pattern: () => {
      made ??= new RegExp([...text].map(codedCharacter).join(''), 'gi');
      return made;
    },
  };
}

const NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
  ' ': 'nbsp',
};
/** By which one text passes for the other: base64 in URLs, blanks in forms. */
const TWINS: Readonly<Record<string, string>> = { '+': '-', '/': '_', ' ': '+' };

/** A pattern of one character in all its codings. Whatever repeats is bounded: the text is hostile. */
function codedCharacter(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character;
  const own = codings(character);
  const twin = TWINS[character];
  return twin === undefined ? own : `(?:${own}|${codings(twin)})`;
}

function codings(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).padStart(2, '0');
  const name = NAMES[character] ?? 'none';
  const escaped = `\\\\{0,7}(?:\\x${hex}|u00${hex}|x${hex})`;
  return `(?:${escaped}|%(?:25){0,3}${hex}|&(?:amp;){0,3}(?:#0{0,4}${code}|#x0{0,4}${hex}|${name});)`;
}

/** Base64 of a text depends on what stands before it, by thirds; the characters at the ends that others share are left out. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = padded.toString('base64').replace(/=+$/, '');
    const whole = Math.floor((padded.length * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), whole);
  });
}
