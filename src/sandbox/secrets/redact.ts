/**
 * Takes secrets out of what a service answered: a skill that may use a secret has not got it, even from a service that sends back what
 * it was sent. Looked for as they are and in the codings that services use: JSON, percent, base64, hex. A service that is in league
 * with the skill can code it otherwise; hosts of a secret are those that its owner trusts with it.
 */
export const REDACTED = '[secret]';

export type Redact = (text: string) => string;

export function redactor(values: readonly string[]): Redact {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return (text) =>
    forms.reduce(
      (rest, form) => (rest.includes(form) ? rest.replaceAll(form, REDACTED) : rest),
      text,
    );
}

function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const percent = encodeURIComponent(value);
  const lowerPercent = percent.replace(/%../g, (code) => code.toLowerCase());
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    ...[percent, lowerPercent, percent.replaceAll('%20', '+')],
    ...[hex, hex.toUpperCase()],
    ...base64Forms(bytes),
  ];
}

/** Base64 of a text depends on what stands before it, by thirds; the characters at the ends that others share are left out. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = padded.toString('base64').replace(/=+$/, '');
    const whole = Math.floor((padded.length * 8) / 6);
    const middle = text.slice(Math.ceil((before * 8) / 6), whole);
    return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
