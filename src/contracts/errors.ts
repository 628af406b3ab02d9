/** Making failures of the closed table (`error-table.ts`), and getting an error out of whatever was thrown. */
import { ERROR_TABLE, type ErrorCode, type ErrorDetails, type ErrorRow } from './error-table.ts';
import type { Failure, SkeinError } from './outcome.ts';

export function skeinError<C extends ErrorCode>(code: C, details: ErrorDetails[C]): SkeinError<C> {
  const { describe, retryable } = ERROR_TABLE[code] as unknown as ErrorRow<ErrorDetails[C]>;
  return { code, message: describe(details), retryable, details };
}

export function failure<C extends ErrorCode>(code: C, details: ErrorDetails[C]): Failure<C> {
  return { ok: false, error: skeinError(code, details) };
}

/** A typed error as an exception, for the few places (constructors, CLI start) where a value cannot be returned. */
export class SkeinException extends Error {
  readonly error: SkeinError;
  constructor(error: SkeinError) {
    super(error.message);
    this.name = error.code;
    this.error = error;
  }
}

/** The error inside whatever was thrown: a `SkeinException` keeps its code, the rest is a defect of Skein. */
export function errorOf(thrown: unknown): SkeinError {
  return typedErrorIn(thrown) ?? skeinError('INTERNAL', { reason: reasonOf(thrown) });
}

/** Even asking for a prototype runs code of a hostile proxy. */
function typedErrorIn(thrown: unknown): SkeinError | undefined {
  try {
    return thrown instanceof SkeinException ? thrown.error : undefined;
  } catch {
    return undefined;
  }
}

/** A sentence for anything that can be thrown: a proxy, `undefined`, an error with hostile getters. Never throws. */
export function reasonOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`.slice(0, 500);
    return typeof thrown === 'string'
      ? thrown.slice(0, 500)
      : `threw ${typeof thrown}: ${String(thrown)}`.slice(0, 500);
  } catch {
    return 'threw a value that cannot be read';
  }
}
