import {
  realThreads,
  SimulatedLife,
  seededRandom,
  simulatedThreads,
  simulatedTime,
} from '../../src/host/index.ts';
import { realPassing, simulatedPassing } from './passing.ts';
import main from './thread-main.ts';
import { threadsSuite } from './threads-suite.ts';

const MAIN_URL = new URL('./thread-main.ts', import.meta.url).href;

threadsSuite({
  name: 'real',
  open: () => ({
    threads: realThreads({ main: MAIN_URL, heapMiB: 64, maxThreads: 3 }),
    passing: realPassing,
  }),
});

threadsSuite({
  name: 'simulated',
  open: () => {
    const time = simulatedTime();
    const threads = simulatedThreads({
      time,
      random: seededRandom('threads'),
      life: new SimulatedLife(),
      hopMsMax: 0.5,
      streams: undefined as never,
      main: async (start) => main(start),
    });
    return { threads, passing: simulatedPassing(time) };
  },
});
