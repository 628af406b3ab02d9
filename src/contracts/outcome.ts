/**
 * Results as values. `Result` is what a call inside Skein returns when it may fail; `StructuredOutcome` is what a user of
 * `execute` receives: it is never thrown, and always carries the correlation ID.
 */
import type { ErrorCode, ErrorDetails } from './error-table.ts';
import type { CorrelationId, RunId } from './ids.ts';

/** A failure in the closed taxonomy: plain data, safe to log, to store and to send. */
export interface SkeinError<C extends ErrorCode = ErrorCode> {
  readonly code: C;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails[C];
}

export interface Success<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failure<C extends ErrorCode = ErrorCode> {
  readonly ok: false;
  readonly error: SkeinError<C>;
}

export type Result<T, C extends ErrorCode = ErrorCode> = Success<T> | Failure<C>;

export const success = <T>(value: T): Success<T> => ({ ok: true, value });

/** What work has used. `cpuMs` is time on a processor inside the sandbox, `wallMs` what a clock on the wall saw. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly heapPeakBytes: number;
  readonly hostCalls: number;
  readonly egressBytes: number;
  readonly outputBytes: number;
  readonly logBytes: number;
}

export const NO_USAGE: Usage = {
  wallMs: 0,
  cpuMs: 0,
  heapPeakBytes: 0,
  hostCalls: 0,
  egressBytes: 0,
  outputBytes: 0,
  logBytes: 0,
};

/** Sums what is spent and keeps the highest of what is held (`heapPeakBytes`). `wallMs` adds up: work, not elapsed time. */
export function addUsage(left: Usage, right: Usage): Usage {
  return {
    wallMs: left.wallMs + right.wallMs,
    cpuMs: left.cpuMs + right.cpuMs,
    heapPeakBytes: Math.max(left.heapPeakBytes, right.heapPeakBytes),
    hostCalls: left.hostCalls + right.hostCalls,
    egressBytes: left.egressBytes + right.egressBytes,
    outputBytes: left.outputBytes + right.outputBytes,
    logBytes: left.logBytes + right.logBytes,
  };
}

export interface OutcomeFacts {
  readonly runId: RunId;
  readonly correlationId: CorrelationId;
  /** Attempts over all steps, retries included. */
  readonly attempts: number;
  readonly usage: Usage;
  /** From the request to the outcome, as the node's clock saw it. */
  readonly elapsedMs: number;
}

export type StructuredOutcome =
  | ({ readonly ok: true; readonly value: unknown } & OutcomeFacts)
  | ({
      readonly ok: false;
      readonly error: SkeinError;
      /** The step that failed, when one did. */
      readonly step?: string;
    } & OutcomeFacts);

/** JSON values: what crosses the wall of a sandbox, in or out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
