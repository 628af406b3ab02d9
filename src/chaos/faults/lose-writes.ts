/**
 * The server of the shared state crashes and forgets the last writes that it had acknowledged; a node may stand still from before the
 * crash until after it, and know then what is no longer so.
 */
import Type from 'typebox';
import { between, type Fault } from '../fault.ts';

const WAKES_MS = 200;

export const loseWrites: Fault = {
  name: 'lose-writes',
  title: 'The shared state crashes and forgets the last writes that it had acknowledged',
  target: 'cluster',
  attributes: Type.Object(
    {
      writes: Type.Integer({ minimum: 0, maximum: 10_000 }),
      afterMs: Type.Integer({ minimum: 0, maximum: 60_000 }),
      pausedNodes: Type.Integer({ minimum: 0, maximum: 1 }),
    },
    { additionalProperties: false },
  ),
  cutsOff: true,
  draw: (random) => ({
    writes: between(random, 1, 40),
    afterMs: between(random, 0, 2_000),
    pausedNodes: between(random, 0, 1),
  }),
  lastsMs: [2_005, 4_500],
  isRare: true,
  inject: (world, _target, { writes = 0, afterMs = 0, pausedNodes = 0 }) => {
    const { ways, nodeIds, node, random, later, loss, rolledBack } = world;
    const id = nodeIds[Math.floor(random.next() * nodeIds.length)];
    const paused = pausedNodes > 0 && id !== undefined ? node(id) : undefined;
    if (paused) loss(`${id} hangs as a whole`);
    const wake = paused?.pause();
    let isOver = false;
    later(afterMs, () => {
      if (isOver) return;
      // It is one server: the bus is away for as long.
      ways.setServerDown(true);
      const lost = ways.state.crash(ways.isStateForgetful ? writes : 0);
      if (lost > 0) rolledBack(lost);
    });
    return () => {
      isOver = true;
      ways.setServerDown(false);
      if (wake) later(random.next() * WAKES_MS, wake);
    };
  },
};
