/** How many restarts in how long are too many: the restart intensity of Erlang/OTP supervisors, judged as a pure function. */
export interface RestartIntensity {
  readonly maxRestarts: number;
  readonly windowMs: number;
}

export type RestartVerdict =
  /** `recent` is what to remember for the next judgement, this restart included. */
  { readonly kind: 'restart'; readonly recent: readonly number[] } | { readonly kind: 'exhausted' };

/** A window of `windowMs` that ends now: a restart exactly `windowMs` ago has left it. */
export function judgeRestart(
  restartsAtMs: readonly number[],
  nowMs: number,
  limit: RestartIntensity,
): RestartVerdict {
  const recent = restartsAtMs.filter((atMs) => nowMs - atMs < limit.windowMs);
  return recent.length < limit.maxRestarts
    ? { kind: 'restart', recent: [...recent, nowMs] }
    : { kind: 'exhausted' };
}
