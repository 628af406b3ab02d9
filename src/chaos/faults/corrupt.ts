/** Packets are changed in one bit. */
import Type from 'typebox';
import { type Fault, share } from '../fault.ts';

export const corrupt: Fault = {
  name: 'corrupt',
  title: 'Packets are changed in one bit',
  target: 'cluster',
  attributes: Type.Object(
    { share: Type.Number({ minimum: 0, maximum: 1 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ share: share(random, 0.01, 0.3) }),
  lastsMs: [500, 5_000],
  inject: ({ ways }, _target, { share: corruption = 0 }) => ways.add({ corruption }),
};
