/** What the operator says about the wall of a node. */
import type { WantedLevel } from './sandbox-level.ts';

/** `jitless`: V8 without its compilers, for the least trusted skills. */
export type Tier = 'jit' | 'jitless';

export interface SandboxSettings {
  /** Default: `best`, what the machine has. */
  readonly level?: WantedLevel;
  /** Names of the skills whose hosts run with `--jitless`; `*` means all. Default: none. */
  readonly jitless?: readonly string[];
}

export const tierOf = (skill: string, { jitless = [] }: SandboxSettings = {}): Tier =>
  jitless.includes('*') || jitless.includes(skill) ? 'jitless' : 'jit';
