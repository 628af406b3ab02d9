/** Flags about the wall around skills, the same for one node and for those of a group. */
import { Option } from 'commander';
import { SANDBOX_LEVELS, type SandboxSettings, type WantedLevel } from '../sandbox/index.ts';

export interface SandboxFlags {
  readonly sandboxLevel?: WantedLevel;
  readonly jitless?: readonly string[];
}

export const sandboxLevel = (): Option =>
  new Option(
    '--sandbox-level <level>',
    'what the operating system is asked for around skills: nothing, what it has, or all of it; default best',
  )
    .env('SKEIN_SANDBOX_LEVEL')
    .choices([...SANDBOX_LEVELS]);

export const jitless = (): Option =>
  new Option(
    '--jitless <skill...>',
    'run these skills without V8’s compilers, for the least trusted; * means all',
  );

/** @returns the node option `sandbox`, or nothing when no flag says anything */
export function sandboxOf({ sandboxLevel: level, jitless: names }: SandboxFlags): {
  readonly sandbox?: SandboxSettings;
} {
  if (level === undefined && names === undefined) return {};
  return {
    sandbox: {
      ...(level === undefined ? {} : { level }),
      ...(names === undefined ? {} : { jitless: names }),
    },
  };
}
