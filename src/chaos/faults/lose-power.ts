/** The machine of a node loses its power, and what was never flushed. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const losePower: Fault = {
  name: 'lose-power',
  title: 'The machine of a node loses its power, and what was never flushed',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  follows: 'disk-lie',
  draw: () => ({}),
  lastsMs: [200, 6_000],
  inject: ({ node, disk, random, loss, damage, restart }, { node: id }) => {
    const found = node(id);
    if (!found) return undefined;
    loss(`${id} crashes without power`);
    found.crash();
    if (disk(id).losePower(random)) damage(id, 'flushes that never were');
    return () => restart(id);
  },
};
