import { describe, expect, it } from 'vitest';
import {
  type Execution,
  judge,
  type Verification,
  verifierActor,
} from '../../../src/actors/index.ts';
import {
  DEFAULT_RESOURCES,
  NO_USAGE,
  type SkillPackage,
  type TenantId,
} from '../../../src/contracts/index.ts';
import { defineActor } from '../../../src/kernel/index.ts';
import { testSystem } from '../../support/systems.ts';

const tape = { seed: 's', startWallMs: 0, effects: [] };
const executed = (thread: string, outputHash: string, limitTouched = false): Execution => ({
  result: { ok: true, value: outputHash },
  usage: NO_USAGE,
  tape,
  outputHash,
  limitTouched,
  thread,
});
const verification = (first: Execution, replicas: number, quorum: number): Verification => ({
  step: 'price',
  verify: { replicas, quorum },
  execution: first,
  invocation: {
    skill: {} as SkillPackage,
    tenant: 'default' as TenantId,
    input: null,
    grants: {},
    resources: DEFAULT_RESOURCES,
    seed: 's',
    startWallMs: 0,
    attempt: 1,
  },
});

describe('a verdict', () => {
  const first = executed('t1', 'aa');

  it('is the value when the quorum agrees, one liar notwithstanding', () => {
    const verdict = judge(verification(first, 3, 2), [
      first,
      executed('t2', 'aa'),
      executed('t3', 'bb'),
    ]);
    expect(verdict).toMatchObject({ result: { ok: true, value: 'aa' }, agreeing: 2 });
  });

  it('is a failure that names the diverging hashes when they disagree', () => {
    const verdict = judge(verification(first, 3, 2), [
      first,
      executed('t2', 'bb'),
      executed('t3', 'cc'),
    ]);
    expect(verdict.result).toMatchObject({ ok: false, error: { code: 'VERIFICATION_DISAGREED' } });
    if (!verdict.result.ok)
      expect(verdict.result.error.message).toContain('t1: aa, t2: bb, t3: cc');
  });

  it('does not count an output that a limit may have shaped', () => {
    const verdict = judge(verification(first, 2, 2), [first, executed('t2', 'aa', true)]);
    expect(verdict.result.ok).toBe(false);
  });

  it('outvotes a first execution that lied', () => {
    const verdict = judge(verification(first, 3, 2), [
      first,
      executed('t2', 'bb'),
      executed('t3', 'bb'),
    ]);
    expect(verdict.result).toEqual({ ok: true, value: 'bb' });
  });
});

it('has the step executed again from its tape, away from the thread that ran it', async () => {
  const { system, time } = testSystem();
  const asked: { avoid: readonly string[] | undefined; hasTape: boolean }[] = [];
  const pool = defineActor({
    kind: 'pool',
    initial: () => ({}),
    receive: {
      invoke: (_state, request: Verification['invocation']) => {
        asked.push({ avoid: request.avoidThreads, hasTape: request.tape !== undefined });
        return executed('t2', 'aa');
      },
    },
  });
  const verifier = system.spawn(verifierActor, { pool: system.spawn(pool, undefined) });
  const answer = system.ask(verifier, 'verify', verification(executed('t1', 'aa'), 3, 3));
  await time.settle();
  expect(await answer).toMatchObject({
    kind: 'answered',
    value: { result: { ok: true }, agreeing: 3 },
  });
  expect(asked).toEqual([
    { avoid: ['t1'], hasTape: true },
    { avoid: ['t1'], hasTape: true },
  ]);
});
