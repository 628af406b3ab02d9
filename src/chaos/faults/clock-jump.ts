/** The wall clock of a node jumps. */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

export const clockJump: Fault = {
  name: 'clock-jump',
  title: 'The wall clock of a node jumps',
  target: 'node',
  attributes: Type.Object(
    { byMs: Type.Number({ minimum: -86_400_000, maximum: 86_400_000 }) },
    { additionalProperties: false },
  ),
  draw: (random) => ({ byMs: between(random, -3_600_000, 3_600_000) }),
  lastsMs: [1_000, 20_000],
  inject: ({ clock }, { node }, { byMs = 0 }) => {
    clock(node).jump(byMs);
    return () => clock(node).jump(0);
  },
};
