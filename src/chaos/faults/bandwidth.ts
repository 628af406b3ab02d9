/** A direction carries few bytes a second. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const bandwidth: Fault = {
  name: 'bandwidth',
  title: 'A direction carries few bytes a second',
  target: 'link',
  attributes: Type.Object(
    { bytesPerSecond: Type.Number({ minimum: 1, maximum: 1e12 }) },
    { additionalProperties: false },
  ),
  cutsOff: true,
  draw: (random) => ({ bytesPerSecond: between(random, 2_000, 50_000) }),
  lastsMs: [500, 5_000],
  inject: ({ ways }, { node, to }, { bytesPerSecond = 1e12 }) =>
    ways.add({ from: node, to, bytesPerSecond }),
};
