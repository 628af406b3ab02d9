/** Nothing gets through in one direction. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const cut: Fault = {
  name: 'cut',
  title: 'Nothing gets through in one direction',
  target: 'link',
  attributes: Type.Object({}, { additionalProperties: false }),
  cutsOff: true,
  draw: () => ({}),
  lastsMs: [500, 10_000],
  inject: ({ ways }, { node, to }) => ways.add({ from: node, to, isCut: true }),
};
