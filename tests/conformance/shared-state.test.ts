import { afterAll, beforeAll } from 'vitest';
import {
  SimulatedLife,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../src/host/index.ts';
import { memoryState } from '../../src/journal/index.ts';
import type { Nats } from '../../src/transport/index.ts';
import { dialTest, openTestState } from '../support/jetstream.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { runOn } from '../support/virtual-run.ts';
import { sharedStateSuite } from './shared-state-suite.ts';

let server: TestNats;
let connections: readonly [Nats, Nats];
let buckets = 0;
beforeAll(async () => {
  server = await startTestNats();
  connections = [await dialTest(server.url), await dialTest(server.url)];
});
afterAll(async () => {
  for (const nats of connections) await nats.close();
  await server.close();
});

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

sharedStateSuite({
  name: 'jetstream',
  open: async () => {
    const name = `suite-${++buckets}`;
    const state = await openTestState(connections[0], name);
    const other = await openTestState(connections[1], name);
    const close = async (): Promise<void> => {
      await state.close();
      await other.close();
    };
    return { state, other, run: (promise) => promise, close };
  },
});
