/** Nothing: shows that the schedule, the workload and the checkers work without faults. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const noop: Fault = {
  name: 'noop',
  title: 'Nothing: shows that the schedule, the workload and the checkers work without faults',
  target: 'cluster',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [1_000, 5_000],
  inject: () => undefined,
};
