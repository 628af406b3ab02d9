import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exceededBound } from '../../../src/sandbox/json-measure.ts';

const measure = (text: string, depth: number, nodes: number) =>
  exceededBound(Buffer.from(text), { depth, nodes });

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;
const nodesOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, item) => sum + nodesOf(item), 1)
    : 1;

describe('the measure of JSON text', () => {
  test('never counts less than the parser builds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const depth = depthOf(value);
        expect(measure(text, depth, 10_000)).toBeUndefined();
        if (depth > 0) expect(measure(text, depth - 1, 10_000)).toBe('depth');
        expect(measure(text, 1_000, nodesOf(value) - 1)).toBe('nodes');
      }),
    );
  });

  test('takes brackets in texts for text', () => {
    expect(measure('{"a":"[[[[,,,,\\"[[[","b":"\\\\"}', 1, 4)).toBeUndefined();
  });

  test('stops at the first byte over a bound', () => {
    expect(measure('['.repeat(5_000_000), 64, 1_000)).toBe('depth');
    expect(measure(`[${'0,'.repeat(2_000_000)}0]`, 64, 1_000)).toBe('nodes');
  });
});
