import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, place, weightUnderLoad } from '../../../src/cluster/index.ts';

const node = (name: string, weight = 1, labels: Record<string, string> = {}): Candidate => ({
  node: name,
  weight,
  labels,
});
const keys = (count: number): string[] => Array.from({ length: count }, (_, at) => `key-${at}`);
const ownerOf = (key: string, candidates: readonly Candidate[]): string | undefined =>
  place(key, candidates)[0]?.node;
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});
const candidates = names.chain((all) =>
  fc.tuple(
    ...all.map((name) =>
      fc.record({
        node: fc.constant(name),
        weight: fc.constantFrom(0.5, 1, 2, 7),
        labels: fc.constant({}),
      }),
    ),
  ),
);

describe('placement', () => {
  it('gives the same order whatever order the candidates come in', () => {
    fc.assert(
      fc.property(fc.string(), candidates, (key, all) => {
        expect(place(key, all.toReversed())).toEqual(place(key, all));
      }),
    );
  });

  it('moves keys only to the node that joins, and only those of a node that leaves', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const newcomer = node('the newcomer', 1);
        for (const key of keys(40)) {
          const before = place(key, all).map((candidate) => candidate.node);
          const after = place(key, [...all, newcomer]).map((candidate) => candidate.node);
          expect(after.filter((name) => name !== newcomer.node)).toEqual(before);
        }
      }),
    );
  });

  it('moves keys only to the node whose weight grows', () => {
    const all = [node('a'), node('b'), node('c')];
    const grown = [node('a', 2), node('b'), node('c')];
    const moved = keys(2_000).filter((key) => ownerOf(key, all) !== ownerOf(key, grown));
    expect(moved.length).toBeGreaterThan(100);
    expect(new Set(moved.map((key) => ownerOf(key, grown)))).toEqual(new Set(['a']));
  });

  it('balances: each node gets its share by weight, within a tenth', () => {
    const all = [node('a', 1), node('b', 2), node('c', 3), node('d', 4)];
    const counts = new Map<string, number>();
    const total = 20_000;
    for (const key of keys(total)) {
      const owner = ownerOf(key, all) as string;
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    for (const { node: name, weight } of all) {
      const share = ((counts.get(name) ?? 0) / total) * 10;
      expect(Math.abs(share - weight) / weight).toBeLessThan(0.1);
    }
  });

  it('spreads the keys of a node that leaves over all others', () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => node(name));
    const orphans = keys(5_000).filter((key) => ownerOf(key, all) === 'a');
    const heirs = orphans.map((key) => ownerOf(key, all.slice(1)));
    for (const heir of ['b', 'c', 'd', 'e']) {
      const share = heirs.filter((name) => name === heir).length / orphans.length;
      expect(share).toBeGreaterThan(0.2);
      expect(share).toBeLessThan(0.3);
    }
  });

  it('takes only nodes with all required labels and some weight', () => {
    const all = [
      node('a', 1, { zone: 'x', disk: 'fast' }),
      node('b', 1, { zone: 'x' }),
      node('c', 0, { zone: 'x', disk: 'fast' }),
      node('d', Number.NaN, { zone: 'x', disk: 'fast' }),
    ];
    const placed = place('key', all, { requiredLabels: { zone: 'x', disk: 'fast' } });
    expect(placed.map((candidate) => candidate.node)).toEqual(['a']);
    expect(place('key', all, { requiredLabels: { zone: 'y' } })).toEqual([]);
  });
});

describe('the weight under load', () => {
  it.each([
    [0, 8],
    [0.5, 4],
    [0.52, 4],
    [0.99, 1],
    [7, 1],
    [-1, 8],
  ])('of a node of capacity 8 at load %d is %d', (loadRatio, weight) => {
    expect(weightUnderLoad({ capacity: 8, loadRatio })).toBe(weight);
  });
});
