/** Child processes on virtual time, all in one real thread. They end with whoever started them, and can be killed or crash. */
import type { Ports, ProcessExit, Processes, ProcessSpec, Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import { portsOf, SimulatedLife } from './simulated-life.ts';

/** What a process has of the world. */
export interface SimulatedProcess {
  readonly spec: ProcessSpec;
  readonly ports: Ports;
  readonly write: (bytes: Uint8Array) => void;
  readonly onData: (receive: (bytes: Uint8Array) => void) => void;
  readonly exit: (exit: ProcessExit) => void;
}

export interface SimulatedProcessesOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  /** Of the thread that starts them. */
  readonly owner: SimulatedLife;
  readonly main: (process: SimulatedProcess) => void;
}

export interface SimulatedProcesses extends Processes {
  /** For faults: those that live. */
  readonly alive: () => readonly { readonly pid: number; readonly kill: () => void }[];
}

const START_MS = 80;
const KILL_MS = 4;
const PIPE_MS = 0.05;
const KILLED: ProcessExit = { exitCode: null, signal: 'SIGKILL' };

export function simulatedProcesses(options: SimulatedProcessesOptions): SimulatedProcesses {
  const { time, random, owner, main } = options;
  const alive = new Map<number, () => void>();
  let pids = 0;

  const start: Processes['start'] = (spec) => {
    const pid = ++pids;
    const life = new SimulatedLife();
    const toParent: ((bytes: Uint8Array) => void)[] = [];
    const toChild: ((bytes: Uint8Array) => void)[] = [];
    const exits: ((exit: ProcessExit) => void)[] = [];
    let exited: ProcessExit | undefined;
    const end = (exit: ProcessExit, afterMs: number): void => {
      if (!life.isAlive) return;
      life.die();
      alive.delete(pid);
      time.timers.after(afterMs, () => {
        exited = exit;
        owner.act(() => {
          for (const tell of exits.splice(0)) tell(exit);
        });
      });
    };
    const kill = (): void => end(KILLED, KILL_MS);
    const carry = (
      to: SimulatedLife,
      receivers: readonly ((bytes: Uint8Array) => void)[],
      bytes: Uint8Array,
    ): void => {
      const copy = new Uint8Array(bytes);
      time.timers.after(PIPE_MS, () =>
        to.act(() => {
          for (const receive of receivers) receive(copy);
        }),
      );
    };
    alive.set(pid, kill);
    owner.onDeath(kill);
    time.timers.after(START_MS, () =>
      life.act(() =>
        main({
          spec,
          ports: portsOf(life, time, random.fork(`process/${pid}`)),
          write: (bytes) => {
            if (life.isAlive) carry(owner, toParent, bytes);
          },
          onData: (receive) => toChild.push(receive),
          // After what it wrote last.
          exit: (exit) => end(exit, PIPE_MS * 2),
        }),
      ),
    );
    return {
      pid,
      write: (bytes) => {
        if (!life.isAlive) return false;
        carry(life, toChild, bytes);
        return true;
      },
      backlogBytes: () => 0,
      onData: (receive) => toParent.push(receive),
      onStderr: () => undefined,
      onExit: (tell) => {
        if (exited) tell(exited);
        else exits.push(tell);
      },
      kill,
    };
  };
  return { start, alive: () => [...alive].map(([pid, kill]) => ({ pid, kill })) };
}
