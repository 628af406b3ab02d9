/** A checker that cannot fail checks nothing: each is shown a history that cannot be, beside one that can. */
import { describe, expect, it } from 'vitest';
import type { Checker, Fact, Report } from '../../../src/chaos/checker.ts';
import { askChecker } from '../../../src/chaos/checkers/asks.ts';
import { journalChecker } from '../../../src/chaos/checkers/journal.ts';
import { noLossChecker } from '../../../src/chaos/checkers/no-loss.ts';
import { orderChecker } from '../../../src/chaos/checkers/order.ts';
import { restartChecker } from '../../../src/chaos/checkers/restarts.ts';
import { runChecker } from '../../../src/chaos/checkers/runs.ts';
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

const BEGAN: Fact = { kind: 'run began', run: 'n-1#1 run 1' };
const runEnded = (code: string | undefined, isRight = true): Fact => ({
  kind: 'run ended',
  run: 'n-1#1 run 1',
  runId: 'r',
  code,
  isRight,
});
const EFFECT: Fact = { kind: 'effect', key: 'n-1#1 run 1' };

const journaled = (sequence: number, digest = 'd'): Fact => ({
  kind: 'journaled',
  node: 'n-1#1',
  sequence,
  stream: 'run/r',
  type: sequence === 1 ? 'run.started' : 'run.completed',
  streamSequence: sequence,
  digest,
});
const found = (sequence: number, streamSequence = sequence, digest = 'd'): Fact => ({
  kind: 'journal found',
  node: 'n-1#2',
  sequence,
  stream: 'run/r',
  streamSequence,
  type: sequence === 1 ? 'run.started' : 'step.started',
  digest,
});
const opened = (damagedAt?: number): Fact => ({ kind: 'journal opened', node: 'n-1#2', damagedAt });
const READING: Fact = { kind: 'journal reading', node: 'n-1#2' };
const READ: Fact = { kind: 'journal read', node: 'n-1#2' };
const DAMAGE: Fact = { kind: 'disk damage', node: 'n-1', what: 'event 2 is changed' };

const group = (scope: string): Fact => ({ kind: 'group began', group: 'g', scope, children: 2 });
const started = (place: number): Fact => ({ kind: 'child started', group: 'g', place });
const failed = (place: number): Fact => ({ kind: 'child failed', group: 'g', place });
const GAVE_UP: Fact = { kind: 'group gave up', group: 'g' };

const CASES: readonly (readonly [
  string,
  (report: Report) => Checker,
  readonly At[],
  string | undefined,
])[] = [
  [
    'a run that ended',
    runChecker,
    [
      [1, BEGAN],
      [2, journaled(2)],
      [2, runEnded(undefined)],
    ],
    undefined,
  ],
  ['a run that never ended', runChecker, [[1, BEGAN]], 'never ended'],
  [
    'a run of a node that ended',
    runChecker,
    [
      [1, BEGAN],
      [2, { kind: 'node ended', node: 'n-1#1' }],
    ],
    undefined,
  ],
  [
    'a run that ended twice',
    runChecker,
    [
      [1, BEGAN],
      [1, journaled(2)],
      [2, runEnded(undefined)],
      [3, runEnded(undefined)],
    ],
    'ended twice',
  ],
  [
    'a run with a wrong value',
    runChecker,
    [
      [1, BEGAN],
      [2, runEnded(undefined, false)],
    ],
    'wrong value',
  ],
  [
    'a run that met a defect',
    runChecker,
    [
      [1, BEGAN],
      [2, runEnded('INTERNAL', false)],
    ],
    'with a defect',
  ],
  [
    'an effect that was done twice',
    runChecker,
    [
      [1, EFFECT],
      [2, EFFECT],
    ],
    'was done 2 times',
  ],
  [
    'a journal that kept everything',
    journalChecker,
    [
      [1, journaled(1)],
      [2, journaled(2)],
      [3, opened()],
      [3, READING],
      [3, found(1)],
      [3, found(2)],
      [3, READ],
    ],
    undefined,
  ],
  [
    'a confirmed event that is gone',
    journalChecker,
    [
      [1, journaled(1)],
      [2, journaled(2)],
      [3, opened()],
      [3, READING],
      [3, found(1)],
      [3, READ],
    ],
    'event 2 was confirmed and is gone',
  ],
  [
    'a confirmed event that is another',
    journalChecker,
    [
      [1, journaled(1)],
      [3, opened()],
      [3, READING],
      [3, found(1, 1, 'e')],
      [3, READ],
    ],
    'is another now',
  ],
  [
    'a stream with a gap',
    journalChecker,
    [
      [3, opened()],
      [3, READING],
      [3, found(1)],
      [3, found(2, 3)],
      [3, READ],
    ],
    'event 3 follows 1',
  ],
  [
    'damage that was caused, and said',
    journalChecker,
    [
      [1, journaled(1)],
      [1, journaled(2)],
      [2, DAMAGE],
      [3, opened(2)],
      [3, READING],
      [3, found(1)],
      [3, READ],
    ],
    undefined,
  ],
  [
    'damage that nothing caused',
    journalChecker,
    [
      [1, journaled(1)],
      [3, opened(1)],
      [3, READING],
      [3, READ],
    ],
    'that nothing caused',
  ],
  [
    'a restart of all',
    restartChecker,
    [
      [1, group('one-for-all')],
      [1, started(0)],
      [1, started(1)],
      [2, failed(0)],
      [2, started(0)],
      [2, started(1)],
    ],
    undefined,
  ],
  [
    'a restart of one too many',
    restartChecker,
    [
      [1, group('one-for-one')],
      [1, started(0)],
      [1, started(1)],
      [2, failed(0)],
      [2, started(0)],
      [2, started(1)],
    ],
    'without a reason',
  ],
  [
    'a supervisor that gives up too early',
    restartChecker,
    [
      [1, group('one-for-one')],
      [1, started(0)],
      [1, started(1)],
      [2, failed(0)],
      [2, started(0)],
      [3, failed(0)],
      [3, started(0)],
      [4, failed(0)],
      [4, started(0)],
      [4, GAVE_UP],
    ],
    'gave up after 3 failures',
  ],
  [
    'a child that is not started again',
    restartChecker,
    [
      [1, group('one-for-all')],
      [1, started(0)],
      [1, started(1)],
      [2, failed(0)],
      [2, started(0)],
    ],
    'did not restart 1',
  ],
  [
    'a supervisor that does not give up',
    restartChecker,
    [
      [1, group('one-for-one')],
      [1, started(0)],
      [1, started(1)],
      [2, failed(0)],
      [2, started(0)],
      [3, failed(0)],
      [3, started(0)],
      [4, failed(0)],
      [4, started(0)],
      [5, failed(0)],
    ],
    'did not give up',
  ],
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
      [90, { kind: 'transit', ms: 250 }],
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
