/** What a handler came to: a promise that extends the turn, or a throw that fails the actor. */
import type { ExitReason, SkeinError } from '../contracts/index.ts';
import { ActorExit } from './actor.ts';

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function';

/** The reason that the actor itself gave, or the failure with its stack. */
export const exitOf = (thrown: unknown, error: SkeinError): ExitReason => {
  if (thrown instanceof ActorExit) return thrown.reason;
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return { kind: 'failed', error, ...(stack === undefined ? {} : { stack }) };
};
