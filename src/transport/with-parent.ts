/** A command line whose process the kernel ends when its parent ends, however that happens; where `setpriv` is installed. */
import { existsSync } from 'node:fs';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
}

/** The wrapper replaces itself by the program, so the process keeps its ID. SIGTERM: the program may put its files in order. */
export function endingWithParent(
  { file, args }: CommandLine,
  exists: (file: string) => boolean = existsSync,
): CommandLine {
  const setpriv = SETPRIV.find(exists);
  if (setpriv === undefined) return { file, args };
  return { file: setpriv, args: ['--pdeathsig', 'TERM', file, ...args] };
}
