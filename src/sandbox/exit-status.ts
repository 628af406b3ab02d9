/** Exit codes above 128: a program around the one that died (bubblewrap, a shell) says so which signal ended it. */
import { constants } from 'node:os';
import type { ProcessExit } from '../contracts/index.ts';

/** Of two names of one number the first is the usual one. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** The exit with its signal, when its code stands for one: 137 is SIGKILL, 134 is SIGABRT. */
export function signalled(exit: ProcessExit): ProcessExit {
  const { exitCode, signal } = exit;
  const name = signal === null && exitCode !== null ? SIGNALS.get(exitCode - 128) : undefined;
  return name === undefined ? exit : { exitCode: null, signal: name };
}
