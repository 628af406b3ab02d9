/** A checker that cannot fail checks nothing: each is shown a history that cannot be, beside one that can. */
import { describe, expect, it } from 'vitest';
import type { Checker, Fact, Report } from '../../../src/chaos/checker.ts';
import { askChecker } from '../../../src/chaos/checkers/asks.ts';
import { noLossChecker } from '../../../src/chaos/checkers/no-loss.ts';
import { orderChecker } from '../../../src/chaos/checkers/order.ts';
import { watchChecker } from '../../../src/chaos/checkers/watch.ts';

type At = readonly [atMs: number, fact: Fact];

function verdicts(make: (report: Report) => Checker, history: readonly At[]): readonly string[] {
  const said: string[] = [];
  const checker = make((_invariant, what) => said.push(what));
  for (const [atMs, fact] of history) checker.hear(fact, atMs);
  checker.finish(1_000_000);
  return said;
}

const sent = (id: number): Fact => ({ kind: 'sent', stream: 's', id, isAccepted: true });
const received = (id: number): Fact => ({ kind: 'received', stream: 's', id });
const LOSS: Fact = { kind: 'loss', what: 'a crash' };
const asked = (isLocal = false): Fact => ({ kind: 'asked', ask: 'a', timeoutMs: 100, isLocal });
const RAN: Fact = { kind: 'ran', ask: 'a' };
const settled = (result: 'answered' | 'not-delivered' | 'unknown', isRight = true): Fact => ({
  kind: 'settled',
  ask: 'a',
  result,
  code: undefined,
  isRight,
});
const WATCHED: Fact = { kind: 'watched', watch: 'w', actor: 'x' };
const TOLD: Fact = { kind: 'terminated', watch: 'w' };
const ENDED: Fact = { kind: 'ended', actor: 'x' };

const CASES: readonly (readonly [
  string,
  (report: Report) => Checker,
  readonly At[],
  string | undefined,
])[] = [
  [
    'messages in order, with a gap',
    orderChecker,
    [
      [1, received(0)],
      [2, received(2)],
    ],
    undefined,
  ],
  [
    'a message that came twice',
    orderChecker,
    [
      [1, received(1)],
      [2, received(1)],
    ],
    '1 came after 1',
  ],
  [
    'a message that was overtaken',
    orderChecker,
    [
      [1, received(2)],
      [2, received(1)],
    ],
    '1 came after 2',
  ],
  [
    'all that was sent',
    noLossChecker,
    [
      [1, sent(0)],
      [2, received(0)],
    ],
    undefined,
  ],
  [
    'a message lost',
    noLossChecker,
    [
      [1, sent(0)],
      [1, sent(1)],
      [2, received(1)],
    ],
    '1 messages never came',
  ],
  [
    'one that is a dead letter',
    noLossChecker,
    [
      [1, sent(0)],
      [2, { kind: 'dead letter', type: 'item' }],
    ],
    undefined,
  ],
  [
    'a dead letter too many',
    noLossChecker,
    [[1, { kind: 'dead letter', type: 'note' }]],
    '1 are dead letters',
  ],
  [
    'a message lost after a crash',
    noLossChecker,
    [
      [1, sent(0)],
      [2, LOSS],
    ],
    undefined,
  ],
  [
    'an ask that was answered',
    askChecker,
    [
      [1, asked()],
      [2, RAN],
      [3, settled('answered')],
    ],
    undefined,
  ],
  [
    'an ask that ran twice',
    askChecker,
    [
      [1, asked()],
      [2, RAN],
      [3, RAN],
    ],
    'was run 2 times',
  ],
  [
    'not delivered, and run',
    askChecker,
    [
      [1, asked()],
      [2, settled('not-delivered')],
      [3, RAN],
    ],
    'said not to be delivered',
  ],
  [
    'answered, and never run',
    askChecker,
    [
      [1, asked()],
      [2, settled('answered')],
    ],
    'never run',
  ],
  [
    'answered with something else',
    askChecker,
    [
      [1, asked()],
      [2, RAN],
      [3, settled('answered', false)],
    ],
    'something else',
  ],
  [
    'an ask that ended twice',
    askChecker,
    [
      [1, asked()],
      [2, settled('unknown')],
      [3, settled('unknown')],
    ],
    'ended twice',
  ],
  [
    'an ask that ended far too late',
    askChecker,
    [
      [1, asked()],
      [60_000, settled('unknown')],
    ],
    'after its deadline',
  ],
  [
    'an ask run late on another node',
    askChecker,
    [
      [1, asked()],
      [2_000, RAN],
    ],
    'after its deadline',
  ],
  [
    'an ask that was on its way when its time was up',
    askChecker,
    [
      [1, asked()],
      [300, RAN],
    ],
    undefined,
  ],
  [
    'an ask run late in its thread',
    askChecker,
    [
      [1, asked(true)],
      [2_000, RAN],
    ],
    'after its deadline',
  ],
  ['a run that nobody asked for', askChecker, [[1, RAN]], 'never asked'],
  [
    'a watcher that is told',
    watchChecker,
    [
      [1, WATCHED],
      [2, ENDED],
      [3, TOLD],
    ],
    undefined,
  ],
  [
    'a watcher that is told twice',
    watchChecker,
    [
      [1, WATCHED],
      [2, TOLD],
      [3, TOLD],
    ],
    'told twice',
  ],
  [
    'a watcher that is never told',
    watchChecker,
    [
      [1, WATCHED],
      [2, ENDED],
    ],
    'never told',
  ],
  [
    'a watcher that a crash took',
    watchChecker,
    [
      [1, WATCHED],
      [2, ENDED],
      [3, LOSS],
    ],
    undefined,
  ],
  ['news for nobody', watchChecker, [[1, TOLD]], 'never watched'],
];

describe('the checkers', () => {
  it.each(CASES)('judge %s', (_what, make, history, wanted) => {
    const said = verdicts(make, history);
    if (wanted === undefined) expect(said).toEqual([]);
    else expect(said[0]).toContain(wanted);
  });
});
