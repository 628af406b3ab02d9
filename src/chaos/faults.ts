/**
 * Faults of a simulated cluster. Each does one thing to the world and says how it is undone; chance chooses when, whom and for how
 * long. A fault that kills says so, since messages may be lost from then on.
 */
import type { NodeId, Random, ThreadName } from '../contracts/index.ts';
import type { SimulatedBus } from '../host/index.ts';
import type { SimulatedNode } from './simulated-node.ts';

export interface FaultWorld {
  readonly bus: SimulatedBus;
  readonly nodes: () => readonly SimulatedNode[];
  readonly nodeIds: readonly NodeId[];
  readonly random: Random;
  readonly later: (delayMs: number, what: () => void) => void;
  readonly restart: (id: NodeId) => void;
  readonly skew: (id: NodeId, byMs: number) => void;
  readonly note: (what: string) => void;
  /** Excuses what is lost from here on. */
  readonly loss: (what: string) => void;
}

export type Fault = (world: FaultWorld) => void;

const pick = <T>(random: Random, from: readonly T[]): T | undefined =>
  from[Math.floor(random.next() * from.length)];
const between = (random: Random, min: number, max: number): number =>
  min + random.next() * (max - min);

function pickThread(
  { nodes, random }: FaultWorld,
  isMainToo: boolean,
): { readonly node: SimulatedNode; readonly thread: ThreadName } | undefined {
  const node = pick(random, nodes());
  const thread = node && pick(random, isMainToo ? node.places() : node.threadNames);
  return node && thread ? { node, thread } : undefined;
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'lossy bus': ({ bus, random, note, later }) => {
    const share = between(random, 0.01, 0.3);
    bus.faults.loss = share;
    note(`the bus loses ${(share * 100).toFixed(1)} %`);
    later(between(random, 500, 5_000), () => {
      bus.faults.loss = 0;
    });
  },
  'repeating bus': ({ bus, random, note, later }) => {
    bus.faults.repeat = between(random, 0.01, 0.5);
    note('the bus repeats packets');
    later(between(random, 500, 5_000), () => {
      bus.faults.repeat = 0;
    });
  },
  'slow bus': ({ bus, random, note, later }) => {
    bus.faults.jitterMs = between(random, 5, 150);
    note(`the bus takes up to ${bus.faults.jitterMs.toFixed(0)} ms and reorders`);
    later(between(random, 500, 5_000), () => {
      bus.faults.jitterMs = 0.2;
    });
  },
  'bus down': ({ bus, random, note, later }) => {
    note('the bus is down');
    bus.setDown(true);
    later(between(random, 100, 8_000), () => {
      note('the bus is back');
      bus.setDown(false);
    });
  },
  partition: ({ bus, nodeIds, random, note, later }) => {
    const isOneWay = random.next() < 0.4;
    const [from, to] = [pick(random, nodeIds), pick(random, nodeIds)];
    if (!from || !to || from === to) return;
    note(`${from} is cut off from ${to}${isOneWay ? ', one way' : ''}`);
    bus.cut(from, to);
    if (!isOneWay) bus.cut(to, from);
    later(between(random, 500, 10_000), () => {
      note('cuts are healed');
      bus.heal();
    });
  },
  'long partition': ({ bus, nodeIds, random, note, later, loss }) => {
    const [from, to] = [pick(random, nodeIds), pick(random, nodeIds)];
    if (!from || !to || from === to) return;
    loss(`${from} and ${to} are apart for longer than a peer may be silent`);
    bus.cut(from, to);
    bus.cut(to, from);
    later(between(random, 35_000, 45_000), () => {
      note('cuts are healed');
      bus.heal();
    });
  },
  'thread killed': (world) => {
    const found = pickThread(world, false);
    if (!found) return;
    world.loss(`${found.node.id}/${found.thread} is killed`);
    found.node.killThread(found.thread);
  },
  'thread hangs': (world) => {
    const found = pickThread(world, true);
    const life = found?.node.lifeOf(found.thread);
    if (!found || !life) return;
    const forMs = between(world.random, 100, 8_000);
    world.loss(`${found.node.id}/${found.thread} hangs for ${forMs.toFixed(0)} ms`);
    life.hang();
    world.later(forMs, () => life.wake());
  },
  'node crash': ({ nodes, random, later, restart, loss }) => {
    const node = pick(random, nodes());
    if (!node) return;
    loss(`${node.id} crashes`);
    node.crash();
    later(between(random, 50, 6_000), () => restart(node.id));
  },
  'clock jump': ({ nodeIds, random, skew, note }) => {
    const id = pick(random, nodeIds);
    if (!id) return;
    const byMs = between(random, -3_600_000, 3_600_000);
    note(`the wall clock of ${id} jumps by ${byMs.toFixed(0)} ms`);
    skew(id, byMs);
  },
};
