/** Two nodes do not hear each other for longer than a peer may be silent. */
import Type from 'typebox';
import type { ThreadName } from '../../contracts/index.ts';
import type { Fault } from '../fault.ts';
import { partition } from './partition.ts';

export const longPartition: Fault = {
  name: 'long-partition',
  title: 'Two nodes do not hear each other for longer than a peer may be silent',
  target: 'link',
  attributes: Type.Object({}, { additionalProperties: false }),
  cutsOff: true,
  draw: () => ({}),
  lastsMs: [35_000, 45_000],
  inject: (world, { node, to }, attributes) => {
    world.loss(`${node} and ${to} are apart for longer than a peer may be silent`);
    return partition.inject(world, { node, to, thread: '' as ThreadName }, attributes);
  },
};
