/** Histories of steps done elsewhere that cannot be, each beside one that can. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/chaos/checker.ts';
import { delegationChecker } from '../../../src/chaos/checkers/delegation.ts';
import type { Effects } from '../../../src/chaos/delegation-facts.ts';
import { DelegationMarks, type DelegationSometimes } from '../../../src/chaos/delegation-marks.ts';

const TASK = 'n-1#1 task 1';
const [N2, N3] = ['n-2#1', 'n-3#1'] as const;
const began = (effects: Effects, { attempts = 3, calls = 1 } = {}): Fact => ({
  kind: 'task began',
  ...{ task: TASK, effects, attempts, calls },
});
const by = (life: string): Fact => ({ kind: 'task performed', task: TASK, by: life });
const booked = (key = 'k', isRepeat = false): Fact => ({
  kind: 'task effect',
  ...{ task: TASK, key, isRepeat },
});
const ended = (code?: string, { isRight = code === undefined, lost = '' } = {}): Fact => ({
  kind: 'task ended',
  ...{ task: TASK, code, isRight, lost: lost === '' ? undefined : lost },
});
const unknown = ended('DELEGATION_UNKNOWN', { lost: 'n-2' });
const gone = (node: string): Fact => ({ kind: 'node ended', node });
const CALM: Fact = { kind: 'phase', phase: 'calm' };
const DUE: Fact = { kind: 'tasks due', since: 'by now' };

/** Half a minute between two facts. */
const STEP_MS = 30_000;

function violations(facts: readonly Fact[]): readonly string[] {
  const found: string[] = [];
  const checker = delegationChecker((_invariant, what) => found.push(what));
  for (const [at, fact] of facts.entries()) checker.hear(fact, at * STEP_MS);
  checker.finish(facts.length * STEP_MS);
  return found;
}

const CASES: readonly (readonly [string, readonly Fact[], string | undefined])[] = [
  ['a step that is done elsewhere', [began('none'), by(N2), ended()], undefined],
  ['a wrong answer', [began('none'), by(N2), ended(undefined, { isRight: false })], 'wrong answer'],
  ['a step that nobody did', [began('none'), ended()], 'done by nobody'],
  ['a defect', [began('none'), ended('INTERNAL')], 'a defect'],
  ['an effect that is there', [began('idempotent'), by(N2), booked(), ended()], undefined],
  ['an effect that is not there', [began('idempotent'), by(N2), ended()], 'and is not'],
  [
    'one key on two nodes',
    [began('idempotent'), by(N2), booked(), by(N3), booked('k', true), ended()],
    undefined,
  ],
  [
    'another key on another node',
    [began('idempotent'), by(N2), booked(), by(N3), booked('k/n-3'), ended()],
    'has the keys k, k/n-3',
  ],
  ['no key', [began('idempotent'), by(N2), booked(''), ended()], 'without a key'],
  [
    'what may be done once, on two nodes',
    [began('once'), by(N2), booked(), by(N3), booked(), ended()],
    'was done 2 times',
  ],
  ['one answer too many', [began('none'), by(N2), ended(), ended()], 'more often than'],
  ['two answers to two calls', [began('none', { calls: 2 }), by(N2), ended(), ended()], undefined],
  [
    'a step that comes twice to one node and is done twice',
    [began('none', { attempts: 1, calls: 2 }), by(N2), by(N2), ended(), ended()],
    'began n-1#1 task 1 2 times',
  ],
  ['a doubt in the middle of trouble', [began('once'), by(N2), unknown], undefined],
  ['a doubt about a lost node', [CALM, began('once'), by(N2), gone(N2), unknown], undefined],
  ['a doubt about a node that lives', [CALM, began('once'), by(N2), unknown], 'was not lost'],
  ['a doubt about what may be repeated', [began('none'), by(N2), unknown], 'may be done again'],
  ['a step that is still waited for', [began('none'), by(N2), DUE], 'has not ended by now'],
  ['a step whose node is gone', [began('none'), gone('n-1#1'), DUE], undefined],
  ['a step that never ends', [began('none'), by(N2), by(N3)], 'never ended'],
  ['what nobody asked for', [by(N2)], 'nobody asked for'],
];

describe('the checker of delegation', () => {
  it.each(CASES)('%s', (_name, facts, wanted) => {
    const found = violations(facts);
    if (wanted === undefined) expect(found).toEqual([]);
    else expect(found.join('\n')).toContain(wanted);
  });
});

describe('marks of delegation', () => {
  const marks = (facts: readonly Fact[]): readonly DelegationSometimes[] => {
    const heard = new DelegationMarks();
    return [...new Set(facts.flatMap((fact) => heard.hear(fact)))];
  };

  it.each<readonly [string, readonly Fact[], readonly DelegationSometimes[]]>([
    ['a step at home', [began('none'), by('n-1#1'), ended()], []],
    ['a step elsewhere', [began('none'), by(N2), ended()], ['a step was done on another node']],
    [
      'a step whose first node was lost',
      [began('none'), by(N2), gone(N2), by(N3), ended()],
      ['a step was done on another node', 'a step was done by another after its node was lost'],
    ],
    [
      'a step that came twice',
      [began('idempotent', { calls: 2 }), by(N2), booked(), ended(), ended()],
      ['a step was done on another node', 'a step came twice and was done once'],
    ],
    [
      'a step that came twice and was done twice',
      [began('none', { calls: 2 }), by(N2), by(N2), ended(), ended()],
      ['a step was done on another node'],
    ],
    ['a key that was known', [booked('k', true)], ['a key of a step was known outside']],
    ['a refusal', [{ kind: 'offer refused', by: N2 }], ['an offer was refused']],
    ['a doubt', [began('once'), by(N2), unknown], ['a step ended unknown']],
  ])('%s', (_name, facts, wanted) => {
    expect(marks(facts)).toEqual(wanted);
  });
});
