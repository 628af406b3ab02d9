/** The ways between the nodes of a simulated cluster: the bus, and the streams of direct links. A cut is a cut of both. */
import type { NodeId } from '../contracts/index.ts';
import type { SimulatedBus, SimulatedStreams, Toxic } from '../host/index.ts';

export interface Ways {
  /** @returns what takes it away again */
  readonly add: (toxic: Toxic) => () => void;
  readonly setServerDown: (isDown: boolean) => void;
  readonly heal: () => void;
}

export function waysOf(
  bus: SimulatedBus,
  streams: SimulatedStreams,
  nodeIds: readonly NodeId[],
): Ways {
  return {
    add: (toxic) => {
      const ends = [bus.add(toxic)];
      for (const from of toxic.isCut ? nodeIds : []) {
        for (const to of nodeIds) {
          const isMeant = (toxic.from ?? from) === from && (toxic.to ?? to) === to;
          if (from !== to && isMeant) ends.push(streams.cut(from, to));
        }
      }
      return () => {
        for (const end of ends) end();
      };
    },
    setServerDown: bus.setDown,
    heal: () => {
      bus.heal();
      streams.heal();
    },
  };
}
