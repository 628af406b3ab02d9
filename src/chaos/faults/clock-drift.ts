/** All clocks of a node go too fast or too slow. */
import Type from 'typebox';
import { type Fault, share } from '../fault.ts';

export const clockDrift: Fault = {
  name: 'clock-drift',
  title: 'All clocks of a node go too fast or too slow',
  target: 'node',
  attributes: Type.Object(
    { rate: Type.Number({ minimum: 0.9, maximum: 1.1 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ rate: share(random, 0.98, 1.02) }),
  lastsMs: [2_000, 20_000],
  inject: ({ clock, drift }, { node }, { rate = 1 }) => {
    drift(rate);
    clock(node).setRate(rate);
    return () => clock(node).setRate(1);
  },
};
