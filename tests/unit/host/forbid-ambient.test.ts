import { afterEach, expect, it } from 'vitest';
import { AmbientCall, forbidAmbient } from '../../../src/host/index.ts';

let allow = (): void => undefined;
afterEach(() => allow());

it('lets no call for time, chance or a turn of the event loop through, and tells of each', () => {
  const calls: readonly (() => unknown)[] = [
    () => Date.now(),
    () => Math.random(),
    () => performance.now(),
    () => setTimeout(() => undefined, 1),
    () => setInterval(() => undefined, 1),
    () => setImmediate(() => undefined),
  ];
  const told: AmbientCall[] = [];
  allow = forbidAmbient((call) => told.push(call));
  const thrown = calls.map((call) => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  });
  allow();
  expect(thrown.every((error) => error instanceof AmbientCall)).toBe(true);
  expect(told).toHaveLength(calls.length);
  expect(told[0]?.stack).toContain('forbid-ambient.test.ts');
  expect(Date.now()).toBeGreaterThan(0);
});
