/** What the nodes of a group know of their policies, as of one: audit logs in one order, approvals wherever they are. */
import type { ApprovalView } from '../actors/index.ts';
import { failure, type Result, success } from '../contracts/index.ts';
import type { AuditEntry } from '../runtime/index.ts';
import type { ControlClient } from './control-client.ts';

/** Oldest first, the latest so many. A node that does not answer is a failure: a log with a hole would look whole. */
export async function auditOfAll(
  clients: readonly ControlClient[],
  body: object,
): Promise<Result<readonly AuditEntry[]>> {
  const answers = await Promise.all(
    clients.map((client) => client.post<readonly AuditEntry[]>('/v1/queries', body)),
  );
  const failed = answers.find((answer) => !answer.ok);
  if (failed) return failed as Result<never>;
  const limit = 'limit' in body && typeof body.limit === 'number' ? body.limit : 100;
  const all = answers.flatMap((answer) => (answer.ok ? answer.value : []));
  return success(all.toSorted((a, b) => a.atMs - b.atMs).slice(-limit));
}

/** Newest first. */
export async function approvalsOfAll(
  clients: readonly ControlClient[],
): Promise<Result<readonly ApprovalView[]>> {
  const answers = await Promise.all(
    clients.map((client) => client.get<readonly ApprovalView[]>('/v1/approvals')),
  );
  const failed = answers.find((answer) => !answer.ok);
  if (failed) return failed as Result<never>;
  const all = answers.flatMap((answer) => (answer.ok ? answer.value : []));
  return success(all.toSorted((a, b) => b.requestedAtMs - a.requestedAtMs));
}

/** Of the node that has what is meant. */
export async function ofWhoeverHas(
  clients: readonly ControlClient[],
  ask: (client: ControlClient) => Promise<Result<unknown>>,
): Promise<Result<unknown>> {
  let last: Result<unknown> = failure('NODE_UNREACHABLE', {
    endpoint: 'the group',
    reason: 'none of its nodes answers',
  });
  for (const client of clients) {
    last = await ask(client);
    if (last.ok || !NOT_HERE.has(last.error.code)) return last;
  }
  return last;
}
const NOT_HERE: ReadonlySet<string> = new Set([
  'APPROVAL_NOT_FOUND',
  'DECISION_NOT_FOUND',
  'NODE_UNREACHABLE',
]);
