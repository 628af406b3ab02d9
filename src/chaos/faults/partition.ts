/** Two nodes do not hear each other. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const partition: Fault = {
  name: 'partition',
  title: 'Two nodes do not hear each other',
  target: 'link',
  attributes: Type.Object({}, { additionalProperties: false }),
  cutsOff: true,
  draw: () => ({}),
  lastsMs: [500, 10_000],
  inject: ({ ways }, { node, to }) => {
    const ends = [
      ways.add({ from: node, to, isCut: true }),
      ways.add({ from: to, to: node, isCut: true }),
    ];
    return () => ends.map((end) => end());
  },
};
