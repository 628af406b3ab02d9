/** A thread does nothing for a while. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const hangThread: Fault = {
  name: 'hang-thread',
  title: 'A thread does nothing for a while',
  target: 'thread',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [100, 8_000],
  inject: ({ node, loss }, { node: id, thread }) => {
    const life = node(id)?.lifeOf(thread);
    if (!life) return undefined;
    loss(`${id}/${thread} hangs`);
    life.hang();
    return () => life.wake();
  },
};
