/** A disk confirms flushes that it has not done. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const diskLie: Fault = {
  name: 'disk-lie',
  title: 'A disk confirms flushes that it has not done',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [5_000, 20_000],
  inject: ({ disk }, { node }) => {
    disk(node).faults.isLying = true;
    return () => {
      disk(node).faults.isLying = false;
    };
  },
};
