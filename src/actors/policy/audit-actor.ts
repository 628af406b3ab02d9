/** The audit log of a node: one durable, hash-chained stream, written in the order in which things are told. */
import type { Journal, JournalEvent, Json } from '../../contracts/index.ts';
import { type ActorContext, defineActor } from '../../kernel/index.ts';
import type { AuditBatch } from '../../sandbox/index.ts';

export const AUDIT_STREAM = 'audit';

export interface AuditArgs {
  readonly journal: Journal;
  /** Counts denials; each record stands for as many as it says. */
  readonly onDenied: (count: number, code: string) => void;
  /** Whether the log can be written. */
  readonly onWritten: (isWritten: boolean) => void;
}

export const auditActor = defineActor({
  kind: 'audit',
  initial: (args: AuditArgs) => args,
  receive: {
    /** Decisions of a thread. */
    decisions: (args, { records, more }: AuditBatch, ctx: ActorContext) => {
      for (const { allowed, count, code = 'POLICY_DENIED' } of records)
        if (!allowed) args.onDenied(count, code);
      if (more > 0) args.onDenied(more, 'POLICY_DENIED');
      const events = records.map((record) => ({
        type: record.allowed ? 'policy.permitted' : 'policy.denied',
        body: record as unknown as Json,
      }));
      return write(
        args,
        [...events, ...(more > 0 ? [{ type: 'policy.denied-more', body: { count: more } }] : [])],
        ctx,
      );
    },
    /** Anything else that belongs here: policies that are loaded, approvals. Answers when it is written. */
    event: (args, event: JournalEvent, ctx: ActorContext) => write(args, [event], ctx),
  },
});

function write(
  { journal, onWritten }: AuditArgs,
  events: readonly JournalEvent[],
  ctx: ActorContext,
) {
  if (events.length === 0) return ctx.replyLater(Promise.resolve(true));
  const { log } = ctx;
  const written = journal.append(AUDIT_STREAM, events).then((appended) => {
    if (!appended.ok) log.error('the audit log was not written', { error: appended.error.message });
    onWritten(appended.ok);
    return appended.ok;
  });
  return ctx.replyLater(written);
}
