/** The disk of a node takes nothing more. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const diskFull: Fault = {
  name: 'disk-full',
  title: 'The disk of a node takes nothing more',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [500, 6_000],
  inject: ({ disk }, { node }) => {
    disk(node).faults.isFull = true;
    return () => {
      disk(node).faults.isFull = false;
    };
  },
};
