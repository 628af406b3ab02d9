/** Actor systems on virtual time: one thread, or several joined by links in memory. Nothing here waits for a real clock. */
import { type Log, MAIN_THREAD, type NodeId, type ThreadName } from '../../src/contracts/index.ts';
import { type SimulatedTime, seededRandom, simulatedTime } from '../../src/host/index.ts';
import { ActorSystem } from '../../src/kernel/index.ts';
import { memoryPorts } from '../../src/transport/index.ts';

export const NODE = 'n-test' as NodeId;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordingLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message, fields });
    };
  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    lines,
  };
}

export interface TestWorld {
  readonly time: SimulatedTime;
  readonly system: ActorSystem;
  readonly lines: LogLine[];
}

export function testSystem(
  time = simulatedTime(),
  thread: string = MAIN_THREAD,
  epoch = 0,
): TestWorld {
  const { log, lines } = recordingLog();
  const ports = { clock: time.clock, timers: time.timers, random: seededRandom(`test/${thread}`) };
  const system = new ActorSystem({ node: NODE, thread: thread as ThreadName, epoch, ports, log });
  return { time, system, lines };
}

/** Two threads of one node with a link between them, on the same virtual time. */
export function twoThreads(): {
  readonly main: TestWorld;
  readonly other: TestWorld;
  readonly time: SimulatedTime;
} {
  const main = testSystem();
  const other = testSystem(main.time, 't1');
  join(main.system, other.system);
  return { main, other, time: main.time };
}

export function join(left: ActorSystem, right: ActorSystem): void {
  const [leftEnd, rightEnd] = memoryPorts();
  left.remote.connect(right.thread, leftEnd);
  right.remote.connect(left.thread, rightEnd);
}
