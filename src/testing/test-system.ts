/** One actor system on virtual time: what a test of timeouts, restarts and backoff runs on. */
import type { Log, NodeId, ThreadName } from '../contracts/index.ts';
import { type SimulatedTime, seededRandom, simulatedTime } from '../host/index.ts';
import { ActorSystem } from '../kernel/index.ts';

/** A system and the time that it runs on. `TestNode` of a cluster is one too. */
export interface TestSystem {
  readonly system: ActorSystem;
  readonly time: SimulatedTime;
}

export interface TestSystemOptions {
  /** Default `skein`. */
  readonly seed?: string | number;
  /** Default: nothing is logged. */
  readonly log?: Log;
}

export const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Nothing happens until `time.advance(ms)` or `time.settle()`. The same seed gives the same run. */
export function testSystem(options: TestSystemOptions = {}): TestSystem {
  const time = simulatedTime();
  const ports = {
    clock: time.clock,
    timers: time.timers,
    random: seededRandom(options.seed ?? 'skein'),
  };
  const names = { node: 'n-test' as NodeId, thread: 'main' as ThreadName };
  return { system: new ActorSystem({ ...names, ports, log: options.log ?? SILENT }), time };
}
