/** What a group does about a node, as pure functions: is it ready, and does it live again after its process has ended. */
import type { ProcessExit, Random, SkeinError } from '../../contracts/index.ts';
import { backoffDelayMs } from '../../transport/index.ts';
import { judgeRestart } from '../restart-intensity.ts';
import type { Strategy } from '../strategy.ts';

/** A node that ends five times in a minute is not helped by a sixth start; the first comes back almost at once. */
export const NODE_STRATEGY: Strategy = {
  scope: 'one-for-one',
  intensity: { maxRestarts: 5, windowMs: 60_000 },
  backoff: { minMs: 100, maxMs: 5_000, jitterRatio: 0.2 },
  whenExhausted: 'stop',
};

export type NodeFate =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly recentMs: readonly number[] }
  | { readonly kind: 'failed'; readonly why: 'bad settings' | 'too many restarts' };

/** Exit code 2 says of `skein` that flags, files or data are wrong: the next life would end the same way. */
const BAD_INPUT = 2;

export interface EndedNode {
  readonly exit: ProcessExit;
  /** Why it could not start, where it said so. */
  readonly error: SkeinError | undefined;
  /** Whether this life had been ready. */
  readonly wasReady: boolean;
  /** Times of the restarts that count still. */
  readonly recentMs: readonly number[];
  readonly nowMs: number;
}

/** For a process that ended unasked. */
export function fateOf(
  { exit, error, wasReady, recentMs, nowMs }: EndedNode,
  { intensity, backoff }: Strategy,
  random: Random,
): NodeFate {
  // A life of an earlier supervisor may still be on its way out.
  const isPassing = error?.code === 'NODE_RUNNING';
  if (exit.exitCode === BAD_INPUT && !wasReady && !isPassing)
    return { kind: 'failed', why: 'bad settings' };
  const verdict = judgeRestart(recentMs, nowMs, intensity);
  if (verdict.kind === 'exhausted') return { kind: 'failed', why: 'too many restarts' };
  const delayMs = backoff ? backoffDelayMs(backoff, verdict.recent.length, random) : 0;
  return { kind: 'restart', delayMs, recentMs: verdict.recent };
}

/** A node has its place once it knows all those of its group that run. */
export const knowsAll = (members: readonly string[], running: readonly string[]): boolean =>
  running.every((node) => members.includes(node));

export const describeProcessExit = ({ exitCode, signal }: ProcessExit): string =>
  signal ?? (exitCode === null ? 'it could not be started' : `exit code ${exitCode}`);
