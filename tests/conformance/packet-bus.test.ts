import { afterAll, beforeAll } from 'vitest';
import { SimulatedLife, seededRandom, simulatedBus, simulatedTime } from '../../src/host/index.ts';
import { connectNats, type NatsBus } from '../../src/transport/index.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { recordingLog } from '../support/systems.ts';
import { until } from '../support/until.ts';
import { valueIn } from './journal-suite.ts';
import { packetBusSuite } from './packet-bus-suite.ts';
import { realPassing, simulatedPassing } from './passing.ts';

let nats: TestNats;
beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());

packetBusSuite({
  name: 'nats-server',
  open: async () => {
    const buses: NatsBus[] = [];
    return {
      passing: realPassing,
      join: async () => {
        const { log } = recordingLog();
        const bus = valueIn(await connectNats({ url: nats.url, name: 'conformance', log }));
        buses.push(bus);
        return bus;
      },
      // Its keeper starts it again by itself, after 100 ms and more.
      goAway: async () => {
        const pid = nats.pid() as number;
        process.kill(pid, 'SIGKILL');
        await until('nobody is connected', () => buses.every((bus) => !bus.isConnected()));
      },
      comeBack: async () =>
        void (await until('all are connected', () => buses.every((bus) => bus.isConnected()))),
      close: async () => {
        for (const bus of buses) await bus.close();
      },
    };
  },
});

packetBusSuite({
  name: 'simulated',
  open: async () => {
    const time = simulatedTime();
    const bus = simulatedBus(time, seededRandom('packet bus'));
    let members = 0;
    return {
      passing: simulatedPassing(time),
      join: async () => bus.join(`member ${++members}`, new SimulatedLife()),
      goAway: async () => bus.setDown(true),
      comeBack: async () => bus.setDown(false),
      close: async () => undefined,
    };
  },
});

packetBusSuite({
  name: 'simulated, of one process',
  open: async () => {
    const time = simulatedTime();
    const bus = simulatedBus(time, seededRandom('packet bus'));
    return {
      passing: simulatedPassing(time),
      join: async () => bus.join('n-one', new SimulatedLife()),
      goAway: async () => bus.setDown(true),
      comeBack: async () => bus.setDown(false),
      close: async () => undefined,
    };
  },
});
