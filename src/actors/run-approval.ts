/**
 * A call whose action waits for people: the run waits with it, and nothing of the skill does. How long is the approval's expiry, and the
 * run's own wall limit, which ends the run as always.
 */
import {
  type ErrorDetails,
  failure,
  type Result,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import type { RefOf } from '../kernel/index.ts';
import type { approvalActor } from './policy/approval-actor.ts';
import type { Call, RunFrame } from './run-call.ts';

/** How often a run that waits looks whether it still may. */
const LOOK_EVERY_MS = 500;
const ASK_MS = 10_000;

/**
 * Success: it is approved, or is to be asked for anew; the call is to be made again. Failures: APPROVAL_DENIED, APPROVAL_EXPIRED,
 * APPROVAL_REQUIRED where this node does not have the approval, and why the run ended meanwhile.
 */
export async function waitForApproval(
  error: SkeinError,
  { step, index }: Pick<Call, 'step' | 'index'>,
  { system, approvals, emit, stopped }: RunFrame,
): Promise<Result<null>> {
  const unsolved: Result<null> = { ok: false, error };
  if (!approvals) return unsolved;
  const ref = approvals as RefOf<typeof approvalActor>;
  const { approval, action, risk, expiresAtMs } =
    error.details as ErrorDetails['APPROVAL_REQUIRED'];
  const place = { step: step.id, call: index, approval };
  for (let hasTold = false; ; ) {
    const shown = await system.ask(ref, 'show', approval, { timeoutMs: ASK_MS });
    if (shown.kind !== 'answered' || !shown.value.ok) return unsolved;
    const { state, deniedBy, reason } = shown.value.value;
    switch (state) {
      case 'approved':
      case 'used':
        if (hasTold) emit({ type: 'step.resumed', ...place });
        return success(null);
      case 'denied':
        return failure('APPROVAL_DENIED', {
          approval,
          by: deniedBy ?? '',
          reason: reason ?? 'no reason given',
        });
      case 'expired':
        return failure('APPROVAL_EXPIRED', { approval, expiresAtMs });
      case 'waiting': {
        if (!hasTold) emit({ type: 'step.waiting', ...place, action, risk, expiresAtMs });
        hasTold = true;
        await new Promise<void>((resolve) => {
          system.timers.after(LOOK_EVERY_MS, resolve);
        });
        const why = stopped();
        if (why) return { ok: false, error: why };
      }
    }
  }
}
