/** The shared state answers late or not at all, and tells its watchers late. */
import Type from 'typebox';
import { between, type Fault, share } from '../fault.ts';

const QUICK = { jitterMs: 0.5, watchLagMs: 0, requestLoss: 0, answerLoss: 0 };

export const slowState: Fault = {
  name: 'slow-state',
  title: 'The shared state answers late or not at all, and tells its watchers late',
  target: 'cluster',
  attributes: Type.Object(
    {
      jitterMs: Type.Number({ minimum: 0, maximum: 60_000 }),
      watchLagMs: Type.Number({ minimum: 0, maximum: 60_000 }),
      requestLoss: Type.Number({ minimum: 0, maximum: 1 }),
      answerLoss: Type.Number({ minimum: 0, maximum: 1 }),
    },
    { additionalProperties: false },
  ),
  draw: (random) => ({
    jitterMs: between(random, 1, 900),
    watchLagMs: between(random, 0, 500),
    requestLoss: share(random, 0, 0.3),
    answerLoss: share(random, 0, 0.6),
  }),
  lastsMs: [500, 5_000],
  isRare: true,
  inject: ({ ways }, _target, attributes) => {
    Object.assign(ways.state.faults, attributes);
    return () => void Object.assign(ways.state.faults, QUICK);
  },
};
