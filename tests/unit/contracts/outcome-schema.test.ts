import { expect, it } from 'vitest';
import {
  checker,
  ERROR_TABLE,
  NO_USAGE,
  OutcomeSchema,
  skeinError,
} from '../../../src/contracts/index.ts';

const check = checker(OutcomeSchema);
const facts = {
  runId: 'run-1',
  correlationId: 'a'.repeat(32),
  attempts: 1,
  usage: NO_USAGE,
  elapsedMs: 1.5,
};

it('takes a success and a failure of every kind that an outcome can be', () => {
  expect(check({ ok: true, value: null, ...facts }).ok).toBe(true);
  const error = skeinError('OVERLOADED', { reason: 'x' });
  expect(check({ ok: false, error, step: 'one', ...facts }).ok).toBe(true);
  for (const code of Object.keys(ERROR_TABLE))
    expect(check({ ok: false, error: { ...error, code }, ...facts }).ok).toBe(true);
});

it.each([
  { ok: true, ...facts, error: {} },
  { ok: true, value: 1, ...facts, correlationId: 'A' },
  {
    ok: false,
    error: { code: 'NO_SUCH_CODE', message: 'x', retryable: true, details: {} },
    ...facts,
  },
  { ok: true, value: 1, ...facts, usage: { ...NO_USAGE, cpuMs: -1 } },
  { ok: true, value: 1, ...facts, surprise: 1 },
  null,
])('refuses %j', (value) => {
  expect(check(value).ok).toBe(false);
});
