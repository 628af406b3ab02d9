/** Packets take different times and change places. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const reorder: Fault = {
  name: 'reorder',
  title: 'Packets take different times and change places',
  target: 'cluster',
  attributes: Type.Object(
    { jitterMs: Type.Number({ minimum: 0, maximum: 60_000 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ jitterMs: between(random, 5, 150) }),
  lastsMs: [500, 5_000],
  inject: ({ ways }, _target, { jitterMs = 0 }) => ways.add({ jitterMs }),
};
