import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  forgettable,
  type HaltRecord,
  type HaltRecords,
  type HaltScope,
  mergeRecords,
  orderOver,
  standingIn,
  withRecord,
} from '../../../../src/sandbox/index.ts';
import {
  idNumber,
  keyNumber,
  orderOf,
  recordOf,
  releasedOf,
  SELF,
} from '../../../support/halt-records.ts';

const scopes: readonly HaltScope[] = [
  { kind: 'all' },
  { kind: 'node', name: SELF },
  { kind: 'skill', name: 'mail' },
  { kind: 'tenant', name: 'acme' },
];
const keys = [1, 2, 3].map(keyNumber);

/** Few IDs and times, so that records meet: the same order from several nodes, releases before orders, ties. */
const record: fc.Arbitrary<HaltRecord> = fc
  .record({
    id: fc.integer({ min: 1, max: 3 }).map(idNumber),
    scope: fc.constantFrom(...scopes),
    atMs: fc.integer({ min: 1, max: 3 }),
    key: fc.constantFrom(...keys),
    what: fc.constantFrom('order', 'release', 'both'),
  })
  .map(({ what, ...wanted }) => {
    const { order } = recordOf(wanted);
    const { release } = releasedOf(wanted);
    return {
      id: wanted.id,
      order: what === 'release' ? null : order,
      release: what === 'order' ? null : release,
    };
  });

const gathered = (records: readonly HaltRecord[]): HaltRecords =>
  records.reduce<HaltRecords>(withRecord, new Map());
const shown = (records: HaltRecords) =>
  [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('records that copies exchange', () => {
  it('give every copy the same set, in whatever order and how often they came', () => {
    fc.assert(
      fc.property(
        fc
          .array(record, { maxLength: 12 })
          .chain((all) =>
            fc.tuple(
              fc.constant(all),
              fc.shuffledSubarray(all, { minLength: all.length }),
              fc.array(fc.constantFrom(...(all.length > 0 ? all : [recordOf()])), { maxLength: 5 }),
            ),
          ),
        ([all, shuffled, again]) => {
          const repeated = all.length > 0 ? again : [];
          expect(shown(gathered([...repeated, ...shuffled, ...repeated]))).toEqual(
            shown(gathered(all)),
          );
        },
      ),
    );
  });

  it('merge the same however they are grouped', () => {
    const ofOne = record.map((each) => ({
      ...recordOf(),
      order: each.order,
      release: each.release,
    }));
    fc.assert(
      fc.property(ofOne, ofOne, ofOne, (a, b, c) => {
        expect(mergeRecords(mergeRecords(a, b), c)).toEqual(mergeRecords(a, mergeRecords(b, c)));
        expect(mergeRecords(a, b)).toEqual(mergeRecords(b, a));
        expect(mergeRecords(a, a)).toEqual(a);
      }),
    );
  });

  it('that say nothing new leave the set as it was', () => {
    const known = gathered([recordOf(), releasedOf({ id: idNumber(2) })]);
    expect(withRecord(known, recordOf())).toBe(known);
    expect(withRecord(known, releasedOf())).not.toBe(known);
  });

  it('keep an order released, though the order comes after its release', () => {
    expect(standingIn(gathered([releasedOf(), recordOf()]))).toEqual([]);
    expect(standingIn(gathered([recordOf()]))).toHaveLength(1);
  });
});

describe('an order', () => {
  const over = (scope: HaltScope, subject: { skill?: string; tenant?: string }, node = 'n-other') =>
    orderOver([orderOf({ scope })], subject, node) !== undefined;

  it.each([
    [{ kind: 'all' }, { skill: 'mail', tenant: 'acme' }, true],
    [{ kind: 'all' }, {}, true],
    [{ kind: 'node', name: SELF }, { skill: 'mail', tenant: 'acme' }, false],
    [{ kind: 'skill', name: 'mail' }, { skill: 'mail', tenant: 'acme' }, true],
    [{ kind: 'skill', name: 'mail' }, { skill: 'post', tenant: 'acme' }, false],
    [{ kind: 'skill', name: 'mail' }, {}, false],
    [{ kind: 'tenant', name: 'acme' }, { skill: 'mail', tenant: 'acme' }, true],
    [{ kind: 'tenant', name: 'acme' }, { skill: 'mail', tenant: 'other' }, false],
    [{ kind: 'tenant', name: 'acme' }, {}, false],
  ] as const)('of scope %j stops %j on another node: %s', (scope, subject, isStopped) => {
    expect(over(scope, subject)).toBe(isStopped);
  });

  it('for a node stops everything there and nothing elsewhere', () => {
    expect(over({ kind: 'node', name: SELF }, {}, SELF)).toBe(true);
    expect(over({ kind: 'node', name: SELF }, { skill: 'mail', tenant: 'a' }, SELF)).toBe(true);
  });
});

it('forgets the oldest releases alone, never an order that stands', () => {
  const records = [1, 2, 3, 4].map((at) => ({
    ...recordOf({ id: idNumber(at) }),
    release: at === 2 ? null : releasedOf({ id: idNumber(at), atMs: 100 - at }).release,
  }));
  expect(forgettable(gathered(records), 1)).toEqual([idNumber(4), idNumber(3)]);
  expect(forgettable(gathered(records), 3)).toEqual([]);
});
