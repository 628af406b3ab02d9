/** A node does not reach the shared state, and hears nothing of it. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const cutState: Fault = {
  name: 'cut-state',
  title: 'A node does not reach the shared state, and hears nothing of it',
  target: 'node',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  lastsMs: [500, 8_000],
  isRare: true,
  inject: ({ ways }, { node }) => ways.state.cut(node),
};
