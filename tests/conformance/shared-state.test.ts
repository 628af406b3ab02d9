import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  realTimers,
  SimulatedLife,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../src/host/index.ts';
import { memoryState, openSqliteState } from '../../src/journal/index.ts';
import type { Nats } from '../../src/transport/index.ts';
import { dialTest, openTestState } from '../support/jetstream.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { runOn } from '../support/virtual-run.ts';
import { valueIn } from './journal-suite.ts';
import { sharedStateSuite } from './shared-state-suite.ts';

let server: TestNats;
let connections: readonly [Nats, Nats];
let buckets = 0;
let files = 0;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-state-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
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
  name: 'sqlite',
  open: async () => {
    const file = path.join(folder, `${++files}.db`);
    const state = valueIn(await openSqliteState({ file, timers: realTimers }));
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
