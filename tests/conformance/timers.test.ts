import {
  portsOf,
  realClock,
  realTimers,
  SimulatedLife,
  seededRandom,
  simulatedTime,
} from '../../src/host/index.ts';
import { realPassing, simulatedPassing } from './passing.ts';
import { timersSuite } from './timers-suite.ts';

const standStill = new Int32Array(new SharedArrayBuffer(4));

timersSuite({
  name: 'real',
  open: () => ({
    clock: realClock,
    timers: realTimers,
    passing: realPassing,
    stall: async (ms) => void Atomics.wait(standStill, 0, 0, ms),
  }),
});

timersSuite({
  name: 'simulated',
  open: () => {
    const time = simulatedTime();
    const passing = simulatedPassing(time);
    return { ...time, passing, stall: passing.pass };
  },
});

timersSuite({
  name: 'simulated, of one life',
  open: () => {
    const time = simulatedTime();
    const life = new SimulatedLife();
    return {
      ...portsOf(life, time, seededRandom('timers')),
      passing: simulatedPassing(time),
      stall: async (ms) => {
        life.hang();
        await time.advance(ms);
        life.wake();
      },
    };
  },
});
