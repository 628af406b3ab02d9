/** Histories of members and owners that cannot be, each beside one that can. */
import { describe, expect, it } from 'vitest';
import type { Fact, MakeChecker } from '../../../src/chaos/checker.ts';
import { acknowledgedWorkChecker } from '../../../src/chaos/checkers/acknowledged-work.ts';
import { handOverChecker } from '../../../src/chaos/checkers/hand-over.ts';
import { membershipChecker } from '../../../src/chaos/checkers/membership.ts';
import { ownershipChecker } from '../../../src/chaos/checkers/ownership.ts';
import { ClusterMarks, type ClusterSometimes } from '../../../src/chaos/cluster-marks.ts';

type At = readonly [atMs: number, fact: Fact];

const began = (node: string): Fact => ({ kind: 'node began', node });
const ended = (node: string): Fact => ({ kind: 'node ended', node });
const seen = (by: string, node: string, status = 'alive', incarnation = 1): Fact => ({
  kind: 'member seen',
  ...{ by, node, status, incarnation },
});
const view = (by: string, members: string): Fact => ({ kind: 'view', by, members });
const CALM: Fact = { kind: 'phase', phase: 'calm' };
const TWO: readonly At[] = [
  [0, began('n-1#1')],
  [0, began('n-2#1')],
  [0, seen('n-1#1', 'n-1')],
  [0, seen('n-2#1', 'n-2')],
];

const copyBegan = (copy: string, revision: number): Fact => ({
  kind: 'copy began',
  ...{ copy, key: 'k', revision, nonce: `${copy}!` },
});
const copyEnded = (copy: string): Fact => ({ kind: 'copy ended', copy });
const held = (...copies: string[]): Fact => ({ kind: 'held', key: 'k', copies });
const DUE: Fact = { kind: 'owner due', key: 'k' };
const givenBack = (copy: string): Fact => ({ kind: 'given back', key: 'k', nonce: `${copy}!` });
const leased = (copy: string): Fact => ({
  kind: 'lease written',
  ...{ key: 'k', nonce: `${copy}!`, ttlMs: 100 },
});
const wrote = (copy: string, revision: number, count = 1, request = '', sentAtMs = 0): Fact => ({
  kind: 'write admitted',
  ...{ copy, key: 'k', revision, nonce: `${copy}!`, count, request, sentAtMs },
});
const refused = (copy: string, sentAtMs: number): Fact => ({
  kind: 'write refused',
  ...{ copy, key: 'k', nonce: `${copy}!`, sentAtMs },
});
const read = (copy: string, revision: number, count: number): Fact => ({
  kind: 'resource read',
  ...{ copy, key: 'k', revision, nonce: `${copy}!`, count },
});
const LOST_WRITES: Fact = { kind: 'state lost writes', writes: 3 };
const acknowledged = (request: string): Fact => ({ kind: 'acknowledged', request });
const [A, B] = ['n-1#1/1', 'n-2#1/1'] as const;

const CASES: readonly (readonly [string, MakeChecker, readonly Fact[], string | undefined])[] = [
  ['one owner after the other', ownershipChecker, [held(A), held(), held(B), DUE], undefined],
  ['two owners at once', ownershipChecker, [held(A), held(A, B)], `held by ${A} and ${B}`],
  ['a key that nobody owns when it is due', ownershipChecker, [held(A), held(), DUE], 'no owner'],
  [
    'a key that is where it belongs',
    ownershipChecker,
    [held(A), { kind: 'owner due', key: 'k', node: 'n-1' }],
    undefined,
  ],
  [
    'a key that is not where it belongs',
    ownershipChecker,
    [held(A), { kind: 'owner due', key: 'k', node: 'n-2' }],
    'belongs to n-2',
  ],
  ['a key that was never owned', ownershipChecker, [DUE], 'no owner'],
  ['tokens that grow', ownershipChecker, [copyBegan(A, 3), copyBegan(B, 4)], undefined],
  ['a token that comes again', ownershipChecker, [copyBegan(A, 3), copyBegan(B, 3)], 'token 3'],
  [
    'a token that a crash of the state gave again',
    ownershipChecker,
    [copyBegan(A, 3), LOST_WRITES, copyBegan(B, 3)],
    undefined,
  ],
  [
    'writes behind a fence',
    ownershipChecker,
    [leased(A), leased(B), read(A, 3, 0), wrote(A, 3), wrote(B, 4)],
    undefined,
  ],
  [
    'a lower token that gets in',
    ownershipChecker,
    [leased(A), leased(B), wrote(B, 4), wrote(A, 3)],
    'gets in with 3 after 4',
  ],
  [
    'a lower token that reads',
    ownershipChecker,
    [leased(B), wrote(B, 4), read(A, 3, 1)],
    'gets in with 3 after 4',
  ],
  [
    'another token with the same revision',
    ownershipChecker,
    [leased(A), leased(B), wrote(B, 4), wrote(A, 4)],
    'gets in with 4 after 4',
  ],
  [
    'one that acts while its lease lasts',
    ownershipChecker,
    [leased(A), refused(A, 100)],
    undefined,
  ],
  [
    'one that acts after its lease',
    ownershipChecker,
    [leased(A), refused(A, 150)],
    'acts 50 ms after its lease',
  ],
  ['one that never had a lease', ownershipChecker, [wrote(A, 3, 1, '', 7)], 'acts 7 ms after'],
  [
    'a key that is given back after its copy',
    handOverChecker,
    [copyBegan(A, 1), copyEnded(A), givenBack(A)],
    undefined,
  ],
  [
    'a key that is given back before its copy has ended',
    handOverChecker,
    [copyBegan(A, 1), givenBack(A)],
    `given back before ${A}`,
  ],
  [
    'the key of one that died',
    handOverChecker,
    [copyBegan(A, 1), ended('n-1#1'), givenBack(A)],
    undefined,
  ],
  [
    'a second copy beside the first, on one node',
    handOverChecker,
    [copyBegan(A, 1), copyBegan('n-1#1/2', 2)],
    `began before ${A}`,
  ],
  [
    'work that is kept',
    acknowledgedWorkChecker,
    [read(A, 1, 0), wrote(A, 1, 1, 'r'), acknowledged('r'), read(B, 2, 1), wrote(B, 2, 2)],
    undefined,
  ],
  [
    'work that the next owner does not find',
    acknowledgedWorkChecker,
    [wrote(A, 1, 1), read(B, 2, 0)],
    'finds 0 for k, not 1',
  ],
  [
    'work that is written over',
    acknowledgedWorkChecker,
    [wrote(A, 1, 1), wrote(B, 2, 1)],
    'writes 1 over 1',
  ],
  [
    'work that is done twice',
    acknowledgedWorkChecker,
    [wrote(A, 1, 1, 'r'), wrote(B, 2, 2, 'r')],
    'was done twice',
  ],
  [
    'work that is acknowledged and not done',
    acknowledgedWorkChecker,
    [acknowledged('r')],
    'was said to be done',
  ],
  [
    'two that see each other',
    membershipChecker,
    [seen('n-1#1', 'n-2'), view('n-1#1', 'n-1 alive, n-2 alive')],
    undefined,
  ],
  [
    'a view that leaves somebody out',
    membershipChecker,
    [view('n-1#1', 'n-1 alive')],
    'sees n-1 alive, not',
  ],
  [
    'a view with one who died',
    membershipChecker,
    [ended('n-2#1'), view('n-1#1', 'n-1 alive, n-2 alive')],
    'not n-1 alive',
  ],
  [
    'a member that is still suspected',
    membershipChecker,
    [view('n-1#1', 'n-1 alive, n-2 suspect')],
    'n-2 suspect, not',
  ],
  [
    'a living member that is declared dead among troubles',
    membershipChecker,
    [seen('n-1#1', 'n-2', 'dead')],
    undefined,
  ],
  [
    'a living member that is declared dead without',
    membershipChecker,
    [CALM, seen('n-1#1', 'n-2', 'dead')],
    'n-2 is dead, and alive',
  ],
  [
    'a dead member that is declared dead',
    membershipChecker,
    [CALM, ended('n-2#1'), seen('n-1#1', 'n-2', 'dead')],
    undefined,
  ],
  [
    'an incarnation that goes back',
    membershipChecker,
    [seen('n-2#1', 'n-2', 'alive', 2), seen('n-1#1', 'n-2', 'alive', 2), seen('n-1#1', 'n-2')],
    'went back to incarnation 1',
  ],
  [
    'an incarnation that its member never had',
    membershipChecker,
    [seen('n-1#1', 'n-2', 'suspect', 2)],
    'never had incarnation 2',
  ],
];

describe('the checkers of members and owners', () => {
  it.each(CASES)('judge %s', (_what, make, history, wanted) => {
    const said: string[] = [];
    const checker = make((_invariant, what) => said.push(what));
    for (const [atMs, fact] of TWO) checker.hear(fact, atMs);
    for (const fact of history) checker.hear(fact, 0);
    checker.finish(1_000);
    if (wanted === undefined) expect(said).toEqual([]);
    else expect(said[0]).toContain(wanted);
  });
});

describe('the marks of members and owners', () => {
  const LOST: Fact = { kind: 'lease lost', copy: A, reason: 'it was not renewed in time' };
  const marksOf = (history: readonly Fact[]): ReadonlySet<ClusterSometimes> => {
    const marks = new ClusterMarks();
    for (const [, fact] of TWO) marks.hear(fact);
    return new Set(history.flatMap((fact) => marks.hear(fact)));
  };

  it.each<readonly [ClusterSometimes, readonly Fact[], readonly Fact[]]>([
    [
      'a key was handed over',
      [copyBegan(A, 1), read(A, 1, 0), copyEnded(A), copyBegan(B, 2)],
      [copyBegan(A, 1), copyEnded(A), copyBegan(B, 2)],
    ],
    [
      'an owner stopped before the next began',
      [copyBegan(A, 1), read(A, 1, 0), LOST, copyEnded(A), copyBegan(B, 2)],
      [copyBegan(A, 1), read(A, 1, 0), LOST, copyBegan(B, 2)],
    ],
    [
      'a dead owner was followed',
      [copyBegan(A, 1), ended('n-1#1'), copyBegan(B, 2)],
      [copyBegan(A, 1), copyBegan(B, 2)],
    ],
    [
      'a living member was declared dead',
      [seen('n-1#1', 'n-2', 'dead')],
      [ended('n-2#1'), seen('n-1#1', 'n-2', 'dead')],
    ],
    [
      'a false suspicion was taken back',
      [seen('n-1#1', 'n-2', 'suspect'), seen('n-1#1', 'n-2', 'alive', 2)],
      [seen('n-1#1', 'n-2', 'alive', 2)],
    ],
    ['a member refuted a suspicion', [seen('n-1#1', 'n-1', 'alive', 2)], [seen('n-1#1', 'n-2')]],
  ])('tell %j', (mark, with_, without) => {
    expect(marksOf(with_)).toContain(mark);
    expect(marksOf(without)).not.toContain(mark);
  });
});
