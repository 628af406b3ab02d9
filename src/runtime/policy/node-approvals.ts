/** The approvals of a node, for whoever approves. */
import type { ApprovalView, approvalActor } from '../../actors/index.ts';
import type { Result } from '../../contracts/index.ts';
import type { ActorSystem, RefOf } from '../../kernel/index.ts';
import type { Vote } from '../../sandbox/index.ts';

export interface NodeApprovals {
  /** Newest first. */
  readonly list: (limit?: number) => Promise<Result<readonly ApprovalView[]>>;
  /** Failure: APPROVAL_NOT_FOUND. */
  readonly show: (approval: string) => Promise<Result<ApprovalView>>;
  /** Approves or denies. Failures: APPROVAL_NOT_FOUND, APPROVAL_REFUSED, APPROVAL_EXPIRED, APPROVAL_DENIED. */
  readonly vote: (vote: Vote) => Promise<Result<ApprovalView>>;
}

const ASK_MS = 10_000;
const LIST_MAX = 1_000;

export function approvalsOf(system: ActorSystem, ref: RefOf<typeof approvalActor>): NodeApprovals {
  const timeoutMs = ASK_MS;
  return {
    list: async (limit = 100) => {
      const most = Math.min(Math.max(1, Math.trunc(limit) || 1), LIST_MAX);
      const answer = await system.ask(ref, 'list', most, { timeoutMs });
      return answer.kind === 'answered' ? answer.value : { ok: false, error: answer.error };
    },
    show: async (approval) => {
      const answer = await system.ask(ref, 'show', approval, { timeoutMs });
      return answer.kind === 'answered' ? answer.value : { ok: false, error: answer.error };
    },
    vote: async (vote) => {
      const answer = await system.ask(ref, 'vote', vote, { timeoutMs });
      return answer.kind === 'answered' ? answer.value : { ok: false, error: answer.error };
    },
  };
}
