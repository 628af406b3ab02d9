/** The server of the shared state crashes and forgets the last writes that it had acknowledged. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const loseWrites: Fault = {
  name: 'lose-writes',
  title:
    'The server of the shared state crashes and forgets the last writes that it had acknowledged',
  target: 'cluster',
  attributes: Type.Object(
    { writes: Type.Integer({ minimum: 0, maximum: 10_000 }) },
    { additionalProperties: false },
  ),
  cutsOff: true,
  draw: (random) => ({ writes: between(random, 1, 40) }),
  lastsMs: [10, 3_000],
  isRare: true,
  inject: ({ ways, rolledBack }, _target, { writes = 0 }) => {
    // It is one server: the bus is away for as long.
    ways.setServerDown(true);
    const lost = ways.state.crash(ways.isStateForgetful ? writes : 0);
    if (lost > 0) rolledBack(lost);
    return () => ways.setServerDown(false);
  },
};
