/** A node hears nobody and is heard by nobody. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const isolate: Fault = {
  name: 'isolate',
  title: 'A node hears nobody and is heard by nobody',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [500, 10_000],
  inject: ({ bus }, { node }) => {
    const ends = [bus.add({ from: node, isCut: true }), bus.add({ to: node, isCut: true })];
    return () => ends.map((end) => end());
  },
};
