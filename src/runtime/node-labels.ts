/** Labels: what sets a node apart for those who choose one. They travel with every report that it is alive, so they are small. */
import { failure, LIMITS, preview, type Result, success } from '../contracts/index.ts';

/** Of keys and of values. */
const LABEL = new RegExp(`^[A-Za-z0-9._/-]{1,${LIMITS.nodeLabelLength}}$`);
const EXPECTED = `1 to ${LIMITS.nodeLabelLength} letters, digits and ". _ / -" on both sides`;

/** What is wrong first, if anything. */
export function labelFault(
  labels: Readonly<Record<string, string>>,
): { readonly found: string; readonly expected: string } | undefined {
  const entries = Object.entries(labels);
  if (entries.length > LIMITS.nodeLabels)
    return { found: `${entries.length} labels`, expected: `at most ${LIMITS.nodeLabels}` };
  const wrong = entries.find(([key, value]) => !LABEL.test(key) || !LABEL.test(value));
  return wrong && { found: preview(wrong.join('=')), expected: EXPECTED };
}

/** Reads `key=value` texts; of two with one key the later counts. Failure: ARGUMENT_INVALID. */
export function parseLabels(texts: readonly string[]): Result<Readonly<Record<string, string>>> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    const [, key, value] = /^([^=]*)=(.*)$/.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      const found = preview(text);
      return failure('ARGUMENT_INVALID', { argument: '--label', found, expected: 'key=value' });
    }
    Object.defineProperty(labels, key, { value, enumerable: true, configurable: true });
  }
  const fault = labelFault(labels);
  return fault ? failure('ARGUMENT_INVALID', { argument: '--label', ...fault }) : success(labels);
}
