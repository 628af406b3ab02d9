/** How kernel and supervisor meet: typed reasons for an end, and what a parent may order for a child. */
import type { SkeinError } from './outcome.ts';
import type { ThreadExit } from './ports.ts';

/** Why a sandbox host process or the run in it ended. A strategy can tell a hungry skill from a broken machine. */
export type SandboxExit =
  | { readonly kind: 'cpu' | 'wall' | 'heap' | 'output' | 'host-calls' }
  | {
      readonly kind: 'native-abort';
      readonly signal: string | null;
      readonly exitCode: number | null;
      readonly note: string;
    }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'protocol'; readonly reason: string }
  | { readonly kind: 'start-failed'; readonly reason: string };

/** Why an actor ended or failed. */
export type ExitReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'failed'; readonly error: SkeinError; readonly stack?: string }
  | { readonly kind: 'thread'; readonly thread: string; readonly exit: ThreadExit }
  | { readonly kind: 'sandbox'; readonly exit: SandboxExit }
  | { readonly kind: 'shutdown' };

/** What a parent orders for a failed child. `resume` keeps its state, `restart` makes it anew, both keep the mailbox. */
export type Directive = 'resume' | 'restart' | 'stop' | 'escalate';

export const describeExit = (reason: ExitReason): string => {
  switch (reason.kind) {
    case 'normal':
    case 'shutdown':
      return reason.kind;
    case 'failed':
      return reason.error.message;
    case 'thread':
      return `thread ${reason.thread} ${describeThreadExit(reason.exit)}`;
    case 'sandbox':
      return `sandbox host: ${describeSandboxExit(reason.exit)}`;
  }
};

export const describeThreadExit = (exit: ThreadExit): string => {
  switch (exit.kind) {
    case 'stopped':
      return 'stopped';
    case 'threw':
      return `threw: ${exit.message}`;
    case 'exited':
      return `exited with code ${exit.exitCode}`;
    case 'heap-exhausted':
      return `ran out of heap: ${exit.message}`;
    case 'hung':
      return `hung for ${Math.round(exit.silentMs)} ms`;
  }
};

export const describeSandboxExit = (exit: SandboxExit): string => {
  switch (exit.kind) {
    case 'native-abort':
      return `native abort (${exit.signal ?? `exit code ${exit.exitCode}`}) ${exit.note}`.trim();
    case 'killed':
      return `killed by ${exit.signal}`;
    case 'protocol':
    case 'start-failed':
      return `${exit.kind}: ${exit.reason}`;
    default:
      return `${exit.kind} limit`;
  }
};
