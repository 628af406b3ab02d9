import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES, failure, success } from '../../../src/contracts/index.ts';
import { classify } from '../../../src/sandbox/index.ts';
import { exitFailure, exitOfDeath, resultOf } from '../../../src/sandbox/violations.ts';

const facts = { skill: 'orders', resources: DEFAULT_RESOURCES, callError: () => undefined };

describe('the verdict on a run', () => {
  test.each([
    [success('absent'), 'denied'],
    [success('denied 4'), 'denied'],
    [success({ a: 1 }), 'harmless'],
    [success(null), 'harmless'],
    [failure('CAPABILITY_DENIED', { capability: 'http', reason: 'x' }), 'denied'],
    [failure('SKILL_CPU_EXCEEDED', { limit: 1, unit: 'ms' }), 'terminated'],
    [failure('SKILL_THREW', { skill: 's', name: 'Error', message: 'm' }), 'contained'],
  ] as const)('of %j is %s', (result, verdict) => {
    expect(classify(result)).toBe(verdict);
  });
});

describe('the end of a run', () => {
  test('by an uncaught error of a host call is that error', () => {
    const { error } = failure('EGRESS_TIMEOUT', { url: 'http://a.test/', timeoutMs: 5 });
    const known = { ...facts, callError: (seq: number) => (seq === 3 ? error : undefined) };
    expect(resultOf({ kind: 'call-failed', seq: 3 }, known)).toEqual({ ok: false, error });
    expect(resultOf({ kind: 'call-failed', seq: 9 }, known)).toMatchObject({
      error: { code: 'SKILL_THREW' },
    });
  });

  test('names the bound that was met, with its unit', () => {
    expect(resultOf({ kind: 'output-too-large', unit: 'levels' }, facts)).toMatchObject({
      error: { details: { limit: DEFAULT_RESOURCES.outputDepth, unit: 'levels' } },
    });
    expect(exitFailure({ kind: 'heap' }, facts)).toMatchObject({
      error: { code: 'SKILL_HEAP_EXCEEDED', details: { limit: 64, unit: 'MiB' } },
    });
  });

  test('behind a program that tells of signals by exit codes is the same', () => {
    expect(exitOfDeath({ exitCode: 137, signal: null }, '')).toEqual({
      ...{ kind: 'killed', signal: 'SIGKILL' },
    });
    expect(exitOfDeath({ exitCode: 134, signal: null }, '')).toMatchObject({ signal: 'SIGABRT' });
    expect(exitOfDeath({ exitCode: 1, signal: null }, '')).toMatchObject({ exitCode: 1 });
  });

  test('by the death of the host says what the process said last, made printable', () => {
    expect(exitOfDeath({ exitCode: null, signal: 'SIGSEGV' }, 'a\u001b[2J\nsecond line')).toEqual({
      kind: 'native-abort',
      signal: 'SIGSEGV',
      exitCode: null,
      note: 'a\\u001b[2J',
    });
    expect(
      exitOfDeath({ exitCode: null, signal: 'SIGABRT' }, 'FATAL ERROR: Reached heap limit'),
    ).toEqual({
      kind: 'heap',
    });
  });
});
