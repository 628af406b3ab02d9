/** Errors of policies and of approvals. */
import { badInput, denied, missing, row } from './error-row.ts';

export const POLICY_ERRORS = {
  POLICY_INVALID: badInput<{ file: string; line: number; column: number; reason: string }>(
    (d) => `${d.file}:${d.line}:${d.column}: ${d.reason}`,
    'Correct the policy there; `skein policy check FILE` shows every problem. Until then the last good policy stays in force, and without one everything is denied.',
  ),
  POLICY_DENIED: denied<{
    action: string;
    resource: string;
    reason: string;
    decision: string;
  }>(
    (d) => `policy denies ${d.action} on ${d.resource}: ${d.reason} (decision ${d.decision})`,
    '`skein policy explain DECISION` shows which policies were asked and what is missing.',
  ),
  DECISION_NOT_FOUND: missing<{ decision: string }>(
    (d) => `the audit log of this node has no decision ${d.decision}`,
    '`skein audit` shows those that it has; permits of calls that change nothing are not kept.',
  ),
  APPROVAL_REQUIRED: row(
    'capability',
    403,
    1,
    'retryable',
  )<{
    approval: string;
    action: string;
    actionHash: string;
    risk: string;
    approvers: number;
    expiresAtMs: number;
  }>(
    (d) =>
      `${d.action} is of ${d.risk} risk and waits for the approval of ${d.approvers === 1 ? 'one person' : `${d.approvers} people`}: ${d.approval}`,
    '`skein approvals show APPROVAL` says what would be done; approve it with a key of approvers.yaml and run it again. It counts once.',
  ),
  APPROVAL_REFUSED: denied<{ approval: string; reason: string }>(
    (d) => `approval ${d.approval} is refused: ${d.reason}`,
    'Nothing was approved. `skein approvals show APPROVAL` says what it takes.',
  ),
  APPROVAL_DENIED: denied<{ approval: string; by: string; reason: string }>(
    (d) => `${d.by} denied approval ${d.approval}: ${d.reason}`,
    'Somebody looked at exactly this and said no; talk to them before running it again.',
  ),
  APPROVAL_EXPIRED: row(
    'capability',
    403,
    1,
    'retryable',
  )<{ approval: string; expiresAtMs: number }>(
    (d) => `approval ${d.approval} expired before it was given`,
    'Run it again: a new approval is asked for.',
  ),
  APPROVAL_NOT_FOUND: missing<{ approval: string }>(
    (d) => `there is no approval ${d.approval}`,
    'List those that wait with `skein approvals ls`.',
  ),
} as const;
