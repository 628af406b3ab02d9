/**
 * Reads an operator's policies: parsed, checked against the schema, named, and looked over for what is allowed by Cedar but can only
 * be a slip here. Every problem has its line and column.
 */
import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { cedarSchema } from './actions.ts';
import { cedar } from './cedar.ts';
import { type NamedPolicy, type PolicySource, policySource } from './policy-source.ts';
import { isRisk, RISKS } from './risk.ts';

export const POLICY_BYTES_MAX = 256 * 1024;
const POLICIES_MAX = 1_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;
/** Names of what the node itself adds. */
const RESERVED = /^(grants|skein)\./;

export interface PolicyProblem {
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly policy?: string;
}

export interface CheckedPolicies {
  /** Absent when a problem is an error. */
  readonly source?: PolicySource;
  readonly problems: readonly PolicyProblem[];
}

interface FoundPolicy {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

/** `file` names the policies that have no `@id`. Never throws on what a text holds. */
export function checkPolicies(text: string, file: string): CheckedPolicies {
  const place = placeIn(text);
  const problem = (
    severity: PolicyProblem['severity'],
    at: number,
    message: string,
    policy?: string,
  ): PolicyProblem => ({
    severity,
    ...place(at),
    message,
    ...(policy === undefined ? {} : { policy }),
  });
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) {
    return { problems: [problem('error', 0, `more than ${POLICY_BYTES_MAX} bytes`)] };
  }
  const parsed = cedar().checkParsePolicySet({ staticPolicies: text });
  if (parsed.type === 'failure') {
    return {
      problems: parsed.errors.map((error) => problem('error', placeOf(error, text), said(error))),
    };
  }
  const parts = cedar().policySetTextToParts(text);
  if (parts.type === 'failure') {
    return {
      problems: parts.errors.map((error) => problem('error', placeOf(error, text), said(error))),
    };
  }
  const problems: PolicyProblem[] = [];
  if (parts.policy_templates.length > 0) {
    const at = text.indexOf(parts.policy_templates[0] ?? '');
    problems.push(problem('error', at, 'a template: nothing here fills in its ?slots'));
  }
  if (parts.policies.length > POLICIES_MAX) {
    problems.push(problem('error', 0, `more than ${POLICIES_MAX} policies`));
  }
  const policies: NamedPolicy[] = [];
  const names = new Set<string>();
  const nameById = new Map<string, string>();
  for (const { id: cedarId, text: policyText, at } of inOrder(parts.policies, text)) {
    const { line, column } = place(at);
    const byLine = `${file.split('/').at(-1)}:${line}`;
    const named = nameOf(policyText, names.has(byLine) ? `${byLine}:${column}` : byLine);
    if (typeof named === 'string') {
      problems.push(problem('error', at, named));
      continue;
    }
    if (names.has(named.id)) problems.push(problem('error', at, `a second policy ${named.id}`));
    names.add(named.id);
    nameById.set(cedarId, named.id);
    policies.push({ ...named, text: policyText, line });
  }
  const checked = cedar().validate({
    schema: cedarSchema() as never,
    policies: { staticPolicies: text },
  });
  if (checked.type === 'failure') {
    problems.push(...checked.errors.map((error) => problem('error', 0, said(error))));
  } else {
    for (const [severity, list] of [
      ['error', checked.validationErrors],
      ['warning', checked.validationWarnings],
    ] as const) {
      for (const { policyId, error } of list) {
        problems.push(problem(severity, placeOf(error, text), said(error), nameById.get(policyId)));
      }
    }
  }
  problems.push(
    ...[...slips(policies)].map(({ policy, message }) =>
      problem('warning', text.indexOf(policy.text), message, policy.id),
    ),
  );
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const places = new Set<string>();
  // Cedar says the same of each action that a policy is about.
  const first = problems.filter(({ severity, line, column }) => {
    const known = places.size;
    return places.add(`${severity} ${line} ${column}`).size > known;
  });
  const isBroken = problems.some(({ severity }) => severity === 'error');
  return { problems: first, ...(isBroken ? {} : { source: policySource(policies, 'file', file) }) };
}

const PREFIX = /^(failed to parse policies from string: |for policy `policy\d+`, )/;
const said = ({ message, help, sourceLocations }: DetailedError): string => {
  const label = sourceLocations?.find((each) => each.label)?.label;
  return [message.replace(PREFIX, ''), label, help]
    .filter((part) => part)
    .join('; ')
    .slice(0, 500);
};

/** The parts come sorted by the names policy0, policy1, policy10 …: back in the order of the text, each with its place. */
function inOrder(parts: readonly string[], text: string): readonly FoundPolicy[] {
  const ids = parts.map((_, index) => `policy${index}`).sort();
  const numbered = parts
    .map((part, index) => ({ id: ids[index] as string, text: part }))
    .sort((a, b) => Number(a.id.slice(6)) - Number(b.id.slice(6)));
  let from = 0;
  return numbered.map((part) => {
    const at = Math.max(from, text.indexOf(part.text, from));
    from = at + part.text.length;
    return { ...part, at };
  });
}

/** @returns the policy's name, effect and risk, or what is wrong with them */
function nameOf(text: string, byPlace: string): Omit<NamedPolicy, 'text' | 'line'> | string {
  const read = cedar().policyToJson(text);
  if (read.type === 'failure') return said(read.errors[0] as DetailedError);
  const { effect, annotations = {} } = read.json;
  const { id = byPlace, risk, ...others } = annotations;
  if (annotations.id !== undefined && !ID.test(id))
    return '@id: letters, digits and . _ / -, 100 at most';
  if (RESERVED.test(id))
    return `@id("${id}"): names of the node itself begin with grants. and skein.`;
  if (risk !== undefined && !isRisk(risk)) return `@risk("${risk}"): it is ${RISKS.join(', ')}`;
  if (risk !== undefined && effect === 'forbid')
    return '@risk is for permits: a forbid lets nothing happen';
  const [unknown] = Object.keys(others).filter((name) => name !== 'reason');
  if (unknown !== undefined)
    return `@${unknown} means nothing here; there are @id, @risk and @reason`;
  return { id, effect, ...(risk === undefined ? {} : { risk }) };
}

const OPEN_TO_ALL = /^permit\s*\(\s*principal\s*,\s*action\s*,\s*resource\s*,?\s*\)\s*;$/;
const withoutAnnotations = (text: string): string =>
  text.replace(/^(\s*@\w+\s*\("[^"]*"\))*\s*/, '');

function* slips(
  policies: readonly NamedPolicy[],
): Generator<{ policy: NamedPolicy; message: string }> {
  for (const policy of policies) {
    if (OPEN_TO_ALL.test(withoutAnnotations(policy.text))) {
      yield { policy, message: 'it permits everything to everybody' };
    }
  }
}

/** Cedar counts bytes of UTF-8. */
const placeOf = ({ sourceLocations: [first] = [] }: DetailedError, text: string): number =>
  first ? Buffer.from(text).subarray(0, first.start).toString().length : 0;

const placeIn = (text: string) => (at: number) => {
  const before = text.slice(0, Math.max(0, at));
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
};
