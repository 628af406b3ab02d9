/** A worker thread ends in the middle of its work. */
import Type from 'typebox';
import { MAIN_THREAD } from '../../contracts/index.ts';
import type { Fault } from '../fault.ts';

export const killThread: Fault = {
  name: 'kill-thread',
  title: 'A worker thread ends in the middle of its work',
  target: 'thread',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  inject: ({ node, loss }, { node: id, thread }) => {
    const found = node(id);
    if (!found?.lifeOf(thread)?.isAlive || thread === MAIN_THREAD) return undefined;
    loss(`${id}/${thread} is killed`);
    found.killThread(thread);
    return undefined;
  },
};
