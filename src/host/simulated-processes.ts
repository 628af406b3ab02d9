/** Child processes on virtual time, all in one real thread. They end with whoever started them, and can be killed or crash. */
import type { Ports, ProcessExit, Processes, ProcessSpec, Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import { portsOf, SimulatedLife } from './simulated-life.ts';

/** What a process has of the world. */
export interface SimulatedProcess {
  readonly spec: ProcessSpec;
  readonly ports: Ports;
  readonly write: (bytes: Uint8Array) => void;
  readonly writeStderr: (text: string) => void;
  readonly onData: (receive: (bytes: Uint8Array) => void) => void;
  /** After what it wrote last. */
  readonly exit: (exit: ProcessExit) => void;
}

export interface SimulatedProcessesOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  /** Of the thread that starts them. */
  readonly owner: SimulatedLife;
  readonly main: (process: SimulatedProcess) => void;
  /** Programs that there are; default: every one. */
  readonly exists?: (file: string) => boolean;
}

export interface SimulatedProcesses extends Processes {
  /** For faults: those that live. */
  readonly alive: () => readonly { readonly pid: number; readonly kill: () => void }[];
}

const START_MS = 80;
const KILL_MS = 4;
const PIPE_MS = 0.05;
const KILLED: ProcessExit = { exitCode: null, signal: 'SIGKILL' };
const NEVER_STARTED: ProcessExit = { exitCode: null, signal: null };

export function simulatedProcesses(options: SimulatedProcessesOptions): SimulatedProcesses {
  const { time, random, owner, main, exists = () => true } = options;
  const alive = new Map<number, () => void>();
  let pids = 0;

  const start: Processes['start'] = (spec) => {
    const isThere = exists(spec.file);
    const pid = isThere ? ++pids : undefined;
    const life = new SimulatedLife();
    const [toParent, toChild, errors] = [pipe(owner, time), pipe(life, time), pipe(owner, time)];
    const tellers: ((exit: ProcessExit) => void)[] = [];
    let exited: ProcessExit | undefined;
    const end = (exit: ProcessExit, afterMs: number): void => {
      if (!life.isAlive) return;
      life.die();
      if (pid !== undefined) alive.delete(pid);
      time.timers.after(afterMs, () =>
        owner.act(() => {
          exited = exit;
          for (const tell of tellers.splice(0)) tell(exit);
        }),
      );
    };
    const kill = (): void => end(KILLED, KILL_MS);
    if (pid === undefined) end(NEVER_STARTED, PIPE_MS);
    else {
      alive.set(pid, kill);
      owner.onDeath(kill);
      time.timers.after(START_MS, () =>
        life.act(() =>
          main({
            spec,
            ports: portsOf(life, time, random.fork(`process/${pid}`)),
            write: (bytes) => {
              if (life.isAlive) toParent.write(bytes);
            },
            writeStderr: (text) => {
              if (life.isAlive) errors.write(Buffer.from(text));
            },
            onData: toChild.listen,
            exit: (exit) => end(exit, PIPE_MS * 2),
          }),
        ),
      );
    }
    return {
      pid,
      write: (bytes) => {
        if (life.isAlive) toChild.write(bytes);
        return life.isAlive;
      },
      backlogBytes: toChild.backlogBytes,
      onData: toParent.listen,
      onStderr: errors.listen,
      onExit: (tell) => {
        if (exited) tell(exited);
        else tellers.push(tell);
      },
      kill,
    };
  };
  return { start, alive: () => [...alive].map(([pid, kill]) => ({ pid, kill })) };
}

/** Bytes of one direction; they wait until somebody reads. */
function pipe(reader: SimulatedLife, time: SimulatedTime) {
  const readers: ((bytes: Uint8Array) => void)[] = [];
  let unread: Uint8Array[] = [];
  let backlog = 0;
  const give = (bytes: Uint8Array): void => {
    backlog -= bytes.byteLength;
    for (const receive of readers) receive(bytes);
  };
  return {
    write: (bytes: Uint8Array): void => {
      const copy = new Uint8Array(bytes);
      backlog += copy.byteLength;
      time.timers.after(PIPE_MS, () =>
        reader.act(() => {
          if (readers.length > 0) give(copy);
          else unread.push(copy);
        }),
      );
    },
    listen: (receive: (bytes: Uint8Array) => void): void => {
      readers.push(receive);
      const early = unread;
      unread = [];
      for (const bytes of early) give(bytes);
    },
    backlogBytes: (): number => backlog,
  };
}
