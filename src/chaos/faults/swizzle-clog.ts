/** Some nodes are cut off one after the other, and come back in another order. After FoundationDB's simulator. */
import Type from 'typebox';
import type { Random } from '../../contracts/index.ts';
import { between, type Fault } from '../fault.ts';

export const swizzleClog: Fault = {
  name: 'swizzle-clog',
  title: 'Some nodes are cut off one after the other, and come back in another order',
  target: 'cluster',
  attributes: Type.Object(
    {
      nodes: Type.Integer({ minimum: 1, maximum: 1_000 }),
      spreadMs: Type.Number({ minimum: 0, maximum: 60_000 }),
    },
    { additionalProperties: false },
  ),
  cutsOff: true,
  draw: (random) => ({ nodes: between(random, 1, 3), spreadMs: between(random, 200, 4_000) }),
  lastsMs: [1_000, 8_000],
  inject: ({ ways, nodeIds, random, later }, _target, { nodes = 1, spreadMs = 0 }) => {
    const chosen = shuffled(nodeIds, random).slice(0, nodes);
    const ends: (() => void)[] = [];
    let isOver = false;
    for (const node of chosen) {
      later(random.next() * spreadMs, () => {
        if (isOver) return;
        ends.push(ways.add({ from: node, isCut: true }), ways.add({ to: node, isCut: true }));
      });
    }
    return () => {
      isOver = true;
      for (const end of shuffled(ends, random)) later(random.next() * spreadMs, end);
    };
  },
};

function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  const rest = [...list];
  return list.map(() => rest.splice(Math.floor(random.next() * rest.length), 1)[0] as T);
}
