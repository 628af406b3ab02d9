/** Processes that the kernel ends (SIGKILL) when the one that started them ends, however it did. For programs that watch no pipe. */
import { existsSync } from 'node:fs';
import type { Processes } from '../contracts/index.ts';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/** By `setpriv --pdeathsig`, which replaces itself by the program; where it is not installed, processes are started as they are. */
export function dyingWithParent(processes: Processes, exists = existsSync): Processes {
  const setpriv = SETPRIV.find((file) => exists(file));
  if (setpriv === undefined) return processes;
  return {
    start: (spec) => {
      // A program that is missing has to look like one.
      if (!exists(spec.file)) return processes.start(spec);
      const args = ['--pdeathsig', 'KILL', spec.file, ...spec.args];
      return processes.start({ ...spec, file: setpriv, args });
    },
  };
}
