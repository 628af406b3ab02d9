import {
  DriftingClock,
  portsOf,
  realClock,
  SimulatedLife,
  seededRandom,
  simulatedTime,
} from '../../src/host/index.ts';
import { clockSuite } from './clock-suite.ts';
import { realPassing, simulatedPassing } from './passing.ts';

clockSuite({ name: 'real', open: () => ({ clock: realClock, passing: realPassing }) });

clockSuite({
  name: 'simulated',
  open: () => {
    const time = simulatedTime();
    return { clock: time.clock, passing: simulatedPassing(time) };
  },
});

clockSuite({
  name: 'simulated, of one life',
  open: () => {
    const time = simulatedTime();
    const drifting = new DriftingClock(time);
    drifting.jump(-90_000);
    drifting.setRate(0.99);
    const { clock } = portsOf(new SimulatedLife(), time, seededRandom('clock'), drifting);
    return { clock, passing: simulatedPassing(time) };
  },
});
