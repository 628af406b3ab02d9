/** The whole process of a node stands still: a machine that was suspended, or swaps. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const pauseNode: Fault = {
  name: 'pause-node',
  title: 'The whole process of a node stands still',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [50, 10_000],
  isRare: true,
  inject: ({ node, loss }, { node: id }) => {
    const found = node(id);
    if (!found) return undefined;
    loss(`${id} hangs as a whole`);
    return found.pause();
  },
};
