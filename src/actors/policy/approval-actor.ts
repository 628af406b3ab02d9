/** The approvals of a node, for its threads, its runs and whoever approves. */
import { type ActorContext, defineActor } from '../../kernel/index.ts';
import type { ActionFacts, Vote } from '../../sandbox/index.ts';
import { ApprovalBook, type ApprovalBookParts } from './approval-book.ts';

export const approvalActor = defineActor({
  kind: 'approvals',
  initial: (parts: ApprovalBookParts) => new ApprovalBook(parts),
  receive: {
    claim: (book, action: ActionFacts, ctx: ActorContext) => ctx.replyLater(book.claim(action)),
    vote: (book, vote: Vote, ctx: ActorContext) => ctx.replyLater(book.vote(vote)),
    list: (book, limit: number, ctx: ActorContext) => ctx.replyLater(book.list(limit)),
    show: (book, approval: string, ctx: ActorContext) => ctx.replyLater(book.show(approval)),
  },
});
