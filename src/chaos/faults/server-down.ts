/** The NATS server is away. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const serverDown: Fault = {
  name: 'server-down',
  title: 'The NATS server is away',
  target: 'cluster',
  attributes: Type.Object({}, { additionalProperties: false }),
  cutsOff: true,
  draw: () => ({}),
  lastsMs: [100, 8_000],
  inject: ({ ways }) => {
    ways.setServerDown(true);
    return () => ways.setServerDown(false);
  },
};
