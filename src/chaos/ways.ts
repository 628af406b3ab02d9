/**
 * The ways between the nodes of a simulated cluster: the bus, and the streams of direct links. A cut is a cut of both. The server
 * of the bus keeps the shared state too: both are away at the same time.
 */
import type { NodeId } from '../contracts/index.ts';
import type { SimulatedBus, SimulatedState, SimulatedStreams, Toxic } from '../host/index.ts';

export interface Ways {
  /** @returns what takes it away again */
  readonly add: (toxic: Toxic) => () => void;
  readonly setServerDown: (isDown: boolean) => void;
  /** The shared state, as what can go wrong with it. */
  readonly state: Pick<SimulatedState, 'faults' | 'cut' | 'crash' | 'onWrite'>;
  /** Whether it may lose what it acknowledged: it is not replicated. */
  readonly isStateForgetful: boolean;
  readonly heal: () => void;
}

export interface WaysParts {
  readonly bus: SimulatedBus;
  readonly streams: SimulatedStreams;
  readonly state: SimulatedState;
  readonly isStateForgetful: boolean;
  readonly nodeIds: readonly NodeId[];
}

export function waysOf({ bus, streams, state, isStateForgetful, nodeIds }: WaysParts): Ways {
  return {
    state,
    isStateForgetful,
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
    setServerDown: (isDown) => {
      bus.setDown(isDown);
      state.setDown(isDown);
    },
    heal: () => {
      bus.heal();
      streams.heal();
      state.heal();
    },
  };
}
