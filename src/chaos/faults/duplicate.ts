/** Packets are repeated. */
import Type from 'typebox';
import { type Fault, share } from '../fault.ts';

export const duplicate: Fault = {
  name: 'duplicate',
  title: 'Packets are repeated',
  target: 'cluster',
  attributes: Type.Object(
    { share: Type.Number({ minimum: 0, maximum: 1 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ share: share(random, 0.01, 0.5) }),
  lastsMs: [500, 5_000],
  inject: ({ ways }, _target, { share: repeat = 0 }) => ways.add({ repeat }),
};
