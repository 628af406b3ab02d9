import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SkillManifest } from '../../../src/contracts/index.ts';
import { checkPlan, planFor } from '../../../src/runtime/index.ts';

const skill = (name: string, description: string): SkillManifest => ({
  name,
  version: '1.0.0',
  description,
  input: true,
  output: true,
});
const SKILLS = [
  skill('http_call', 'Makes one HTTP request.'),
  skill('json_transform', 'Picks, filters and sums JSON values.'),
  skill('hello', 'Greets someone by name.'),
];
const hash = (value: unknown) =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');

describe('the planner by rules', () => {
  it('makes a step of each clause, fed by the one before', () => {
    const plan = planFor({ goal: 'call http, then sum the values; greet' }, SKILLS);
    expect(plan).toMatchObject({ ok: false, error: { details: { skill: 'greet' } } });
    const whole = planFor({ goal: 'call http, then sum the values', input: { url: 'x' } }, SKILLS);
    expect(whole).toMatchObject({
      ok: true,
      value: {
        input: { url: 'x' },
        steps: [
          { id: 'step1', skill: 'http_call@1.0.0', input: '${input}' },
          { id: 'step2', skill: 'json_transform@1.0.0', input: '${steps.step1}' },
        ],
      },
    });
    if (whole.ok) expect(checkPlan(whole.value)).toMatchObject({ ok: true });
  });

  it('gives the same plan for the same goal, whatever the order of the skills', () => {
    const words = fc.constantFrom(
      'call',
      'http',
      'then',
      'sum',
      'json',
      'hello',
      'name',
      ';',
      'the',
    );
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 12 }),
        fc.shuffledSubarray(SKILLS, { minLength: 3, maxLength: 3 }),
        (goal, shuffled) => {
          const request = { goal: goal.join(' ') };
          expect(hash(planFor(request, shuffled))).toBe(hash(planFor(request, SKILLS)));
        },
      ),
      { seed: 3 },
    );
  });

  it.each(['', ' ; then ', Array.from({ length: 21 }, () => 'hello').join(';')])(
    'refuses a goal without clauses or with too many: %j',
    (goal) => {
      expect(planFor({ goal }, SKILLS)).toMatchObject({
        ok: false,
        error: { code: 'ARGUMENT_INVALID' },
      });
    },
  );
});
