/** Each flush of a node’s disk holds up its main thread. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const diskSlow: Fault = {
  name: 'disk-slow',
  title: 'Each flush of a node’s disk holds up its main thread',
  target: 'node',
  attributes: Type.Object(
    { stallMs: Type.Number({ minimum: 0, maximum: 10_000 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ stallMs: between(random, 20, 800) }),
  lastsMs: [500, 4_000],
  inject: ({ disk, loss }, { node }, { stallMs = 0 }) => {
    loss(`${node} hangs in flushes`);
    disk(node).faults.stallMs = stallMs;
    return () => {
      disk(node).faults.stallMs = 0;
    };
  },
};
