/** Writes into the audit log of a node what was done to the node itself and by whom. */
import { AUDIT_STREAM } from '../actors/index.ts';
import type { Journal, Json, Log } from '../contracts/index.ts';

export interface AuditEvent {
  readonly type: string;
  readonly body: Json;
}

/** Never rejects: what the journal does not take is said in the log. */
export const auditTo =
  (journal: Journal, log: Log) =>
  (event: AuditEvent): void =>
    void journal.append(AUDIT_STREAM, [event]).then((appended) => {
      if (appended.ok) return;
      const { code, message: reason } = appended.error;
      log.error('an audit event is not in the journal', { type: event.type, code, reason });
    });
