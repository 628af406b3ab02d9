/** What a system counts from its start: plain numbers, cheap to keep, read by whoever exports metrics. */
import type { ExitReason } from '../contracts/index.ts';

export interface SystemCounts {
  readonly actors: number;
  readonly pendingAsks: number;
  readonly deadLetters: number;
  /** Messages that full mailboxes gave up. */
  readonly mailboxOverflows: number;
  /** Failed children by what they died of: `actor`, `thread_hung`, `sandbox_heap` and so on, a closed set. */
  readonly failures: Readonly<Record<string, number>>;
}

export class Counters {
  mailboxOverflows = 0;
  readonly failures: Record<string, number> = {};

  failed(reason: ExitReason): void {
    const kind = failureKind(reason);
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
  }
}

function failureKind(reason: ExitReason): string {
  switch (reason.kind) {
    case 'thread':
    case 'sandbox':
      return `${reason.kind}_${reason.exit.kind.replaceAll('-', '_')}`;
    default:
      return 'actor';
  }
}
