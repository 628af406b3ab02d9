/** Connections to a nats-server of a test, and shared states in buckets on it. */
import type { SharedState } from '../../src/contracts/index.ts';
import { realTimers } from '../../src/host/index.ts';
import { type JetStreamStateOptions, openJetStreamState } from '../../src/journal/index.ts';
import { dialNats, type Nats } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { recordingLog } from './systems.ts';

export const dialTest = async (url: string): Promise<Nats> =>
  valueIn(await dialNats({ url, name: 'test', log: recordingLog().log }));

export const openTestState = async (
  nats: Nats,
  name: string,
  options: Partial<JetStreamStateOptions> = {},
): Promise<SharedState> =>
  valueIn(
    await openJetStreamState({
      nats,
      cluster: 'test',
      name,
      timers: realTimers,
      log: recordingLog().log,
      ...options,
    }),
  );
