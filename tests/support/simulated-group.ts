/** Node processes of a group on virtual time: they say what a real one says on its pipe, and misbehave as a test tells them to. */
import type { Processes, ProcessSpec, SkeinError } from '../../src/contracts/index.ts';
import {
  SimulatedLife,
  type SimulatedProcess,
  seededRandom,
  simulatedProcesses,
  simulatedTime,
} from '../../src/host/index.ts';
import {
  type FromNode,
  type GroupEvent,
  lineOf,
  NodeGroup,
  type NodeGroupOptions,
  type NodeSettings,
  readToNode,
} from '../../src/supervisor/index.ts';
import { recordingLog } from './systems.ts';

/** How the nodes of one name behave in their next lives. */
export interface Manner {
  /** Ends with this exit code instead of getting ready. */
  exitCode?: number;
  /** Says so before it ends with that exit code. */
  error?: SkeinError;
  /** Never says that it is ready. */
  isMute?: boolean;
  /** Does not see the others. */
  isAlone?: boolean;
  /** Takes no order to stop. */
  isDeaf?: boolean;
  /** Active runs that never end: a drain runs into its deadline. */
  stuckRuns?: number;
  /** Writes this instead of messages. */
  noise?: string;
  /** Settings with this label make it end. */
  refusesLabel?: string;
}

export const READY_MS = 500;
const FACTS_MS = 100;

export function simulatedGroup(
  names: readonly string[],
  options: Partial<NodeGroupOptions> & { readonly manners?: Record<string, Manner> } = {},
) {
  const time = simulatedTime();
  const manners: Record<string, Manner> = { ...options.manners };
  const members = new Set<string>();
  const started: string[] = [];
  const owner = new SimulatedLife();
  const random = seededRandom('group');
  const processes: Processes & { alive: () => readonly { pid: number; kill: () => void }[] } =
    simulatedProcesses({
      time,
      random,
      owner,
      main: (process) => live(process, manners[process.spec.args[0] ?? ''] ?? {}, members),
    });
  const { log } = recordingLog();
  const events: GroupEvent[] = [];
  const group = NodeGroup.start({
    clock: time.clock,
    timers: time.timers,
    random,
    processes,
    log,
    nodes: names.map(settingsOf),
    launch: (settings): ProcessSpec => {
      started.push(settings.name);
      return { file: 'node', args: [settings.name, JSON.stringify(settings.labels)], env: {} };
    },
    onEvent: (event) => events.push(event),
    ...options,
  });
  const kill = (name: string): void => {
    const pid = group.nodes().find((node) => node.name === name)?.pid;
    processes
      .alive()
      .find((each) => each.pid === pid)
      ?.kill();
  };
  const states = (): Record<string, string> =>
    Object.fromEntries(group.nodes().map(({ name, state }) => [name, state]));
  /** Moves time on until the promise settles. */
  const settled = async <T>(promise: Promise<T>, withinMs = 600_000): Promise<T> => {
    let end: { readonly value: T } | undefined;
    void promise.then((value) => {
      end = { value };
    });
    for (let passedMs = 0; passedMs < withinMs && !end; passedMs += 10) await time.advance(10);
    if (!end) throw new Error('it did not settle');
    return end.value;
  };
  return { group, time, events, states, started, manners, kill, settled, processes };
}

export const settingsOf = (name: string): NodeSettings => ({
  name,
  group: 'default',
  dataDir: `/data/${name}`,
  threads: 1,
  labels: {},
  limits: {},
});

function live(process: SimulatedProcess, manner: Manner, members: Set<string>): void {
  const { ports, spec } = process;
  const [name = '', labels = ''] = spec.args;
  const id = `n-${name}`;
  const say = (message: FromNode): void => process.write(lineOf(message));
  let work: 'ready' | 'draining' | 'drained' = 'ready';
  const tell = (): void => {
    const activeRuns = manner.stuckRuns ?? 0;
    const seen = manner.isAlone ? [id] : [...members];
    say({ kind: 'facts', facts: { work, activeRuns, load: 0, threads: 1, members: seen } });
    ports.timers.after(FACTS_MS, tell);
  };
  const drain = (timeoutMs: number): void => {
    work = 'draining';
    if (manner.stuckRuns === undefined) {
      ports.timers.after(20, () => {
        work = 'drained';
        say({ kind: 'drained', report: { elapsedMs: 20, finishedRuns: 1 } });
      });
      return;
    }
    const error = {
      code: 'DRAIN_TIMEOUT' as const,
      message: 'it is not drained',
      retryable: true,
      details: { node: id, timeoutMs, activeRuns: manner.stuckRuns },
    };
    ports.timers.after(timeoutMs, () => say({ kind: 'not-drained', error }));
  };
  const read = readToNode((message) => {
    if (message.kind === 'drain') drain(message.timeoutMs);
    else if (message.kind === 'resume') work = 'ready';
    else if (!manner.isDeaf) process.exit({ exitCode: 0, signal: null });
  });
  process.onData((bytes) => void read(bytes));
  ports.timers.after(READY_MS, () => {
    if (manner.noise !== undefined) return process.write(Buffer.from(manner.noise));
    if (manner.refusesLabel !== undefined && labels.includes(manner.refusesLabel))
      return process.exit({ exitCode: 2, signal: null });
    if (manner.exitCode !== undefined) {
      if (manner.error) say({ kind: 'failed', error: manner.error });
      process.writeStderr('a reason\n');
      return process.exit({ exitCode: manner.exitCode, signal: null });
    }
    if (manner.isMute) return;
    members.add(id);
    say({ kind: 'phase', name: 'threads t1', elapsedMs: READY_MS });
    say({ kind: 'ready', node: id });
    tell();
  });
}
