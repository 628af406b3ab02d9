/** `skein/testing`: an actor system on virtual time, so that a test of timeouts, restarts and backoff takes no time. */
import type { Log, NodeId, ThreadName } from './contracts/index.ts';
import { type SimulatedTime, seededRandom, simulatedTime } from './host/index.ts';
import { ActorSystem } from './kernel/index.ts';

export interface TestSystem {
  readonly system: ActorSystem;
  readonly time: SimulatedTime;
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Nothing happens until `time.advance(ms)` or `time.settle()`. The same seed gives the same run. */
export function testSystem(
  options: { readonly seed?: string | number; readonly log?: Log } = {},
): TestSystem {
  const time = simulatedTime();
  const ports = {
    clock: time.clock,
    timers: time.timers,
    random: seededRandom(options.seed ?? 'skein'),
  };
  const names = { node: 'n-test' as NodeId, thread: 'main' as ThreadName };
  return { system: new ActorSystem({ ...names, ports, log: options.log ?? silent }), time };
}

export { seededRandom, simulatedTime };
