/** What happens in a run, as events: journaled with a gap-free sequence, shown live, and all that a report is made from. */
import type {
  Budget,
  CorrelationId,
  RunId,
  SkeinError,
  StructuredOutcome,
  Usage,
} from '../contracts/index.ts';

export type RunEvent =
  | {
      readonly type: 'run.started';
      readonly runId: RunId;
      readonly correlationId: CorrelationId;
      readonly plan: string;
      readonly steps: number;
      readonly budget: Budget;
    }
  | { readonly type: 'step.started'; readonly step: string; readonly calls: number }
  | {
      readonly type: 'attempt.failed';
      readonly step: string;
      readonly call: number;
      readonly attempt: number;
      readonly skill: string;
      readonly usage: Usage;
      readonly error: SkeinError;
      readonly retryInMs: number | null;
    }
  | {
      readonly type: 'attempt.succeeded';
      readonly step: string;
      readonly call: number;
      readonly attempt: number;
      readonly skill: string;
      readonly thread: string;
      readonly outputHash: string;
      readonly usage: Usage;
    }
  /** The action of a call waits for people; the call is made again when they have approved it. */
  | {
      readonly type: 'step.waiting';
      readonly step: string;
      readonly call: number;
      readonly approval: string;
      readonly action: string;
      readonly risk: string;
      readonly expiresAtMs: number;
    }
  | {
      readonly type: 'step.resumed';
      readonly step: string;
      readonly call: number;
      readonly approval: string;
    }
  | {
      readonly type: 'step.verified';
      readonly step: string;
      readonly call: number;
      readonly agreeing: number;
      readonly replicas: number;
      readonly executions: readonly { readonly thread: string; readonly outcome: string }[];
    }
  | { readonly type: 'step.succeeded'; readonly step: string; readonly elapsedMs: number }
  | { readonly type: 'step.failed'; readonly step: string; readonly error: SkeinError }
  | { readonly type: 'step.skipped'; readonly step: string; readonly because: string }
  | { readonly type: 'run.completed'; readonly outcome: StructuredOutcome };
