/** Real child processes: no shell, no inherited environment, one duplex pipe on file descriptor 3, stderr readable. */
import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { ProcessExit, Processes } from '../contracts/index.ts';

export const realProcesses: Processes = {
  start: (spec) => {
    const child = spawn(spec.file, [...spec.args], {
      env: { ...spec.env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      detached: spec.isGroup === true,
    });
    const kill = (): void => {
      if (spec.isGroup) killGroup(child.pid);
      child.kill('SIGKILL');
    };
    // One that was killed by somebody else leaves its group behind.
    if (spec.isGroup) child.once('exit', () => killGroup(child.pid));
    const pipe = child.stdio[3] as Duplex;
    const exitListeners: ((exit: ProcessExit) => void)[] = [];
    let exit: ProcessExit | undefined;
    const ended = (seen: ProcessExit): void => {
      if (exit) return;
      exit = seen;
      for (const listener of exitListeners) listener(seen);
    };
    // `close` comes after the pipes are drained; `error` alone means that the process never started.
    child.once('close', (exitCode, signal) => ended({ exitCode, signal }));
    child.once('error', () => ended({ exitCode: null, signal: null }));
    pipe.on('error', () => undefined);
    child.stderr?.on('error', () => undefined);

    return {
      pid: child.pid,
      write: (bytes) => {
        if (exit || !pipe.writable) return false;
        pipe.write(bytes);
        return true;
      },
      backlogBytes: () => pipe.writableLength,
      onData: (receive) => {
        pipe.on('data', receive);
      },
      onStderr: (receive) => {
        child.stderr?.on('data', receive);
      },
      onExit: (listener) => {
        if (exit) listener(exit);
        else exitListeners.push(listener);
      },
      kill,
    };
  },
};

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
