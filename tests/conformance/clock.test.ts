import {
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
    const { clock } = portsOf(new SimulatedLife(), time, seededRandom('clock'), () => -90_000);
    return { clock, passing: simulatedPassing(time) };
  },
});
