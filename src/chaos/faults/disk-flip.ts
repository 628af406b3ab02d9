/** One character on a disk becomes another. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const diskFlip: Fault = {
  name: 'disk-flip',
  title: 'One character on a disk becomes another',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  inject: ({ disk, random, damage }, { node }) => {
    const sequence = disk(node).flip(random);
    if (sequence !== undefined) damage(node, `event ${sequence} is changed`);
    return undefined;
  },
};
