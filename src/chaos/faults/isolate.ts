/** A node hears nobody and is heard by nobody. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const isolate: Fault = {
  name: 'isolate',
  title: 'A node hears nobody and is heard by nobody',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  cutsOff: true,
  draw: () => ({}),
  lastsMs: [500, 10_000],
  inject: ({ ways }, { node }) => {
    const ends = [
      ways.add({ from: node, isCut: true }),
      ways.add({ to: node, isCut: true }),
      ways.state.cut(node),
    ];
    return () => ends.map((end) => end());
  },
};
