import {
  SimulatedLife,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../src/host/index.ts';
import { memoryState } from '../../src/journal/index.ts';
import { runOn } from '../support/virtual-run.ts';
import { sharedStateSuite } from './shared-state-suite.ts';

sharedStateSuite({
  name: 'memory',
  open: async () => {
    const state = memoryState();
    return { state, other: state, run: (promise) => promise, close: state.close };
  },
});

sharedStateSuite({
  name: 'simulated',
  open: async () => {
    const time = simulatedTime();
    const simulated = simulatedState(time, seededRandom('shared-state'));
    const state = simulated.join('one', new SimulatedLife());
    const other = simulated.join('two', new SimulatedLife());
    return { state, other, run: (promise) => runOn(time, promise), close: state.close };
  },
});
