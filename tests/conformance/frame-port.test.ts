import { MessageChannel } from 'node:worker_threads';
import { framePort } from '../../src/host/frame-port.ts';
import {
  SimulatedLife,
  seededRandom,
  simulatedThreads,
  simulatedTime,
} from '../../src/host/index.ts';
import { ringEnds, ringPort } from '../../src/host/ring-port.ts';
import { memoryPorts } from '../../src/transport/index.ts';
import { framePortSuite } from './frame-port-suite.ts';
import { realPassing, simulatedPassing } from './passing.ts';

framePortSuite({
  name: 'ring',
  open: () => {
    const { port1, port2 } = new MessageChannel();
    const [here, there] = ringEnds(port1, port2);
    return { ends: [ringPort(here), ringPort(there)], passing: realPassing };
  },
});

framePortSuite({
  name: 'message port',
  open: () => {
    const { port1, port2 } = new MessageChannel();
    return { ends: [framePort(port1).port, framePort(port2).port], passing: realPassing };
  },
});

framePortSuite({
  name: 'simulated channel',
  open: () => {
    const time = simulatedTime();
    const threads = simulatedThreads({
      time,
      random: seededRandom('frame port'),
      life: new SimulatedLife(),
      hopMsMax: 2,
      streams: undefined as never,
      main: async () => undefined,
    });
    const [here, there] = threads.channel();
    return { ends: [threads.open(here), threads.open(there)], passing: simulatedPassing(time) };
  },
});

framePortSuite({
  name: 'memory',
  open: () => ({ ends: memoryPorts(), passing: realPassing }),
});
