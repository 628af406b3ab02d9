/** Packets of a direction are late. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const latency: Fault = {
  name: 'latency',
  title: 'Packets of a direction are late',
  target: 'link',
  attributes: Type.Object(
    {
      latencyMs: Type.Number({ minimum: 0, maximum: 60_000 }),
      jitterMs: Type.Number({ minimum: 0, maximum: 60_000 }),
    },
    { additionalProperties: false },
  ),
  draw: (random) => ({ latencyMs: between(random, 1, 200), jitterMs: 0 }),
  lastsMs: [500, 5_000],
  inject: ({ ways }, { node, to }, { latencyMs = 0, jitterMs = 0 }) =>
    ways.add({ from: node, to, latencyMs, jitterMs }),
};
