/** The process of a node is killed, and starts again. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const crashNode: Fault = {
  name: 'crash-node',
  title: 'The process of a node is killed, and starts again',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [50, 6_000],
  inject: ({ node, loss, restart }, { node: id }) => {
    const found = node(id);
    if (!found) return undefined;
    loss(`${id} crashes`);
    found.crash();
    return () => restart(id);
  },
};
