/** How commands are added to `skein`: made under a parent, and their work bound to an exit code. */
import type { Command } from 'commander';
import type { GlobalOptions } from './output.ts';

export type Add = (parent: Command, name: string, description: string) => Command;
export type Finish = (
  work: (globals: GlobalOptions, ...rest: never[]) => Promise<number>,
) => (...parts: unknown[]) => Promise<void>;
