/** Reads a plan and checks what a schema cannot say: steps that exist, no cycles, references that can be resolved. */

import { dependenciesOf, referenceFault, referencesIn, stepOf } from '../actors/index.ts';
import {
  checker,
  failure,
  LIMITS,
  type Plan,
  PlanSchema,
  type Result,
  readDocument,
  type Step,
  success,
} from '../contracts/index.ts';
import { nearest } from '../skills/index.ts';

const checkSchema = checker(PlanSchema);

interface Fault {
  readonly pointer: string;
  readonly found: string;
  readonly expected: string;
}

export function readPlan(text: string, file?: string): Result<Plan> {
  const place = file === undefined ? {} : { file };
  if (Buffer.byteLength(text) > LIMITS.planBytes) {
    const found = `${Buffer.byteLength(text)} bytes`;
    return failure('PLAN_INVALID', {
      ...place,
      found,
      expected: `at most ${LIMITS.planBytes} bytes`,
    });
  }
  const document = readDocument(text, (value) => {
    const checked = checkSchema(value);
    if (!checked.ok) return checked;
    const mismatch = faultOf(checked.value);
    return mismatch ? { ok: false, mismatch } : checked;
  });
  return document.ok
    ? success(document.value)
    : failure('PLAN_INVALID', { ...place, ...document.error });
}

/** Checks a plan that came as a value. */
export function checkPlan(value: unknown): Result<Plan> {
  const checked = checkSchema(value);
  if (!checked.ok) return failure('PLAN_INVALID', checked.mismatch);
  const fault = faultOf(checked.value);
  return fault ? failure('PLAN_INVALID', fault) : success(checked.value);
}

function faultOf(plan: Plan): Fault | undefined {
  const ids = plan.steps.map((step) => step.id);
  for (const [index, step] of plan.steps.entries()) {
    const fault = stepFault(step, `/steps/${index}`, ids, index);
    if (fault) return fault;
  }
  return referenceFaults(plan.output, '/output', ids, false) ?? cycleFault(plan);
}

function stepFault(
  step: Step,
  pointer: string,
  ids: readonly string[],
  index: number,
): Fault | undefined {
  if (ids.indexOf(step.id) !== index) {
    return {
      pointer: `${pointer}/id`,
      found: `a second step ${step.id}`,
      expected: 'an id of its own',
    };
  }
  for (const [at, need] of (step.needs ?? []).entries()) {
    if (!ids.includes(need)) return unknownStep(need, `${pointer}/needs/${at}`, ids);
  }
  if (step.verify && step.verify.quorum > step.verify.replicas) {
    const expected = `at most the ${step.verify.replicas} replicas`;
    return { pointer: `${pointer}/verify/quorum`, found: String(step.verify.quorum), expected };
  }
  const hasItem = step.forEach !== undefined;
  return (
    referenceFaults(step.forEach?.items, `${pointer}/forEach/items`, ids, false) ??
    referenceFaults(step.input, `${pointer}/input`, ids, hasItem)
  );
}

function referenceFaults(
  template: unknown,
  at: string,
  ids: readonly string[],
  hasItem: boolean,
): Fault | undefined {
  for (const { reference, pointer } of referencesIn(template, at)) {
    const malformed = referenceFault(reference);
    if (malformed) return { pointer, found: `\${${reference}}`, expected: malformed };
    const id = stepOf(reference);
    if (id !== undefined && !ids.includes(id)) return unknownStep(id, pointer, ids);
    if (!hasItem && /^(item|index)\b/.test(reference)) {
      return {
        pointer,
        found: `\${${reference}}`,
        expected: 'item and index only in the input of a forEach step',
      };
    }
  }
  return undefined;
}

function unknownStep(id: string, pointer: string, ids: readonly string[]): Fault {
  const near = nearest(id, ids);
  const expected = near ? `the id of a step; did you mean ${near}?` : `one of ${ids.join(', ')}`;
  return { pointer, found: `step ${id}`, expected };
}

/** Removes steps whose needs are met until none is left; what cannot be removed is a cycle. */
function cycleFault(plan: Plan): Fault | undefined {
  const left = new Map(plan.steps.map((step) => [step.id, dependenciesOf(step)]));
  for (let removed = true; removed; ) {
    removed = false;
    for (const [id, needs] of left) {
      if (needs.some((need) => left.has(need))) continue;
      left.delete(id);
      removed = true;
    }
  }
  const [first] = left.keys();
  if (first === undefined) return undefined;
  const index = plan.steps.findIndex((step) => step.id === first);
  return {
    pointer: `/steps/${index}`,
    found: `a cycle: ${[...left.keys()].join(' > ')}`,
    expected: 'steps that can be put in an order',
  };
}
