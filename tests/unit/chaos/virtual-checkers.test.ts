/** Histories of virtual actors that cannot be, each beside one that can. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/chaos/checker.ts';
import { virtualActorsChecker } from '../../../src/chaos/checkers/virtual-actors.ts';
import type { CounterAsk } from '../../../src/chaos/virtual-facts.ts';
import { VirtualMarks, type VirtualSometimes } from '../../../src/chaos/virtual-marks.ts';

const began = (copy: string, revision: number): Fact => ({
  kind: 'activation began',
  ...{ copy, key: 'k', revision, nonce: `${copy}!` },
});
const held = (...copies: string[]): Fact => ({ kind: 'activations', key: 'k', copies });
const asked = (id: number, what: CounterAsk = 'increment'): Fact => ({
  kind: 'counter asked',
  ...{ id, key: 'k', what },
});
const told = (
  id: number,
  outcome: 'answered' | 'not-delivered' | 'unknown',
  code?: string,
): Fact => ({
  kind: 'counter told',
  ...{ id, outcome, code },
});
const found = (id: number, done: readonly number[], fired: readonly number[] = []): Fact => ({
  kind: 'counter found',
  ...{ id, key: 'k', done, fired },
});
const did = (id: number): readonly Fact[] => [asked(id), told(id, 'answered')];
const read = (id: number, ...of: readonly (readonly number[])[]): readonly Fact[] => [
  asked(id, 'read'),
  found(id, of[0] ?? [], of[1]),
  told(id, 'answered'),
];
const CALM: Fact = { kind: 'phase', phase: 'calm' };
const LOST_WRITES: Fact = { kind: 'state lost writes', writes: 1 };
const LEFT: Fact = {
  kind: 'stale route',
  ...{ actor: 'k', node: 'n-1', reason: 'k stopped before it received the message' },
};
const REMIND: readonly Fact[] = [CALM, asked(1, 'remindMe'), told(1, 'answered')];

function violations(facts: readonly Fact[]): readonly string[] {
  const said: string[] = [];
  const checker = virtualActorsChecker((_invariant, what) => said.push(what));
  for (const fact of facts) checker.hear(fact, 0);
  checker.finish(0);
  return said;
}

const CASES: readonly (readonly [string, readonly Fact[], string | undefined])[] = [
  ['one after the other', [held('n-1#1/1'), held(), held('n-2#1/2')], undefined],
  ['two at once', [held('n-1#1/1', 'n-2#1/2')], 'held by n-1#1/1 and n-2#1/2'],
  ['a token that grows', [began('a', 1), began('b', 2)], undefined],
  ['a token that does not', [began('a', 2), began('b', 2)], 'token 2 of k, after 2'],
  ['tokens of a state that lost some', [began('a', 2), LOST_WRITES, began('b', 1)], undefined],
  ['what was acknowledged, found', [...did(1), ...read(2, [1])], undefined],
  ['what was acknowledged, not found', [...did(1), ...read(2, [])], '1 of k is lost'],
  [
    'a read that was asked before it was acknowledged',
    [asked(1), asked(2, 'read'), told(1, 'answered'), found(2, []), told(2, 'answered')],
    undefined,
  ],
  ['what the state has lost', [...did(1), LOST_WRITES, ...read(2, [])], undefined],
  [
    'what was acknowledged after the state had lost others',
    [LOST_WRITES, ...did(1), ...read(2, [])],
    '1 of k is lost',
  ],
  ['what was done twice', [...did(1), ...read(2, [1, 1])], '1 of k was done twice'],
  [
    'what was said not to be done',
    [asked(1), told(1, 'not-delivered'), ...read(2, [1])],
    '1 of k was said not to be done',
  ],
  ['what may have been done', [asked(1), told(1, 'unknown'), ...read(2, [1])], undefined],
  ['a turn that failed', [...read(1, [-1])], 'keeps what a failed turn changed'],
  ['a mailbox that is left in the middle of trouble', [LEFT], undefined],
  ['a mailbox that is left', [CALM, LEFT], 'left what was in its mailbox'],
  ['reminders in order', [...read(1, [], [1, 2, 3])], undefined],
  ['a reminder that came twice', [...read(1, [], [1, 1])], '1 of k came as number 2'],
  ['two answers', [...did(1), told(1, 'answered')], '1 was told twice'],
  ['silence in the middle of trouble', [asked(1), told(1, 'unknown')], undefined],
  [
    'silence when all is whole',
    [CALM, asked(1), told(1, 'unknown')],
    'increment 1 of k ended unknown',
  ],
  [
    'a message to the life before',
    [CALM, { kind: 'node began', node: 'n-1#2' }, asked(1), told(1, 'unknown', 'PEER_LOST')],
    undefined,
  ],
  [
    'a message that was lost without one',
    [CALM, asked(1), told(1, 'unknown', 'PEER_LOST')],
    'ended unknown (PEER_LOST)',
  ],
  ['a reminder that comes', [...REMIND, ...read(2, [], []), ...read(3, [], [1])], undefined],
  [
    'a reminder that does not come',
    [...REMIND, ...read(2, [], [1]), ...read(3, [], [1])],
    'k is not reminded any more',
  ],
];

describe('the checker of virtual actors', () => {
  it.each(CASES)('judges %s', (_what, history, wanted) => {
    const said = violations(history);
    if (wanted === undefined) expect(said).toEqual([]);
    else expect(said.join('\n')).toContain(wanted);
  });
});

describe('the marks of virtual actors', () => {
  const [A, B, C] = ['n-1#1/1', 'n-2#1/2', 'n-1#1/3'] as const;
  const IDLE: Fact = { kind: 'actor given up', by: 'n-1#1', key: 'k', reason: 'it was idle' };
  const SET: Fact = { kind: 'reminder set', key: 'k', by: 'n-1#1' };
  const marksOf = (history: readonly Fact[]): ReadonlySet<VirtualSometimes> => {
    const marks = new VirtualMarks();
    return new Set(history.flatMap((fact) => marks.hear(fact)));
  };

  it.each<readonly [VirtualSometimes, readonly Fact[], readonly Fact[]]>([
    ['an activation moved', [began(A, 1), began(B, 2)], [began(A, 1), began(C, 2)]],
    [
      'an activation followed a dead one',
      [began(A, 1), { kind: 'node ended', node: 'n-1#1' }, began(B, 2)],
      [began(A, 1), began(B, 2)],
    ],
    [
      'an actor was passivated and came back',
      [began(A, 1), IDLE, began(C, 2)],
      [began(A, 1), began(C, 2), IDLE],
    ],
    [
      'a stale route was met',
      [{ kind: 'stale route', actor: 'k', node: 'n-1', reason: 'another owns it' }],
      [],
    ],
    [
      'a reminder fired on another node',
      [SET, { kind: 'reminder fired', key: 'k', by: 'n-2#1' }],
      [SET, { kind: 'reminder fired', key: 'k', by: 'n-1#2' }],
    ],
  ])('tell %j', (mark, with_, without) => {
    expect(marksOf(with_)).toContain(mark);
    expect(marksOf(without)).not.toContain(mark);
  });
});
