/** A node stands still at the moment in which a write of its own to the shared state is done, before it hears of that. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const pauseAtWrite: Fault = {
  name: 'pause-at-write',
  title:
    'A node stands still when a write of its own to the shared state is done, before the answer',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [2_000, 9_000],
  isRare: true,
  inject: ({ ways, node, loss }, { node: id }) => {
    let wake: (() => void) | undefined;
    const end = ways.state.onWrite(({ text }) => {
      const found = text?.includes(`"${id}"`) ? node(id) : undefined;
      if (!found) return;
      end();
      loss(`${id} hangs as a whole`);
      wake = found.pause();
    });
    return () => {
      end();
      wake?.();
    };
  },
};
