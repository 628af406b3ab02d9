/** Reads the audit log of a node: the stream `audit` of its journal, whose chain of hashes is verified as it is read. */
import { AUDIT_STREAM } from '../../actors/index.ts';
import { failure, type Journal, type Json, type Result, success } from '../../contracts/index.ts';
import type { DecisionRecord, PolicyRequest } from '../../sandbox/index.ts';

export interface AuditFilter {
  /** Unix epoch. */
  readonly sinceMs?: number;
  readonly skill?: string;
  /** Denials alone. */
  readonly denied?: boolean;
  /** One decision. */
  readonly decision?: string;
  /** The latest so many, 1 to 1,000; default 100. */
  readonly limit?: number;
}

export interface AuditEntry {
  /** Within the log, from 1, without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly type: string;
  readonly body: Json;
  /** Of the journal's chain, at this record. */
  readonly hash: string;
}

const LIMIT_MAX = 1_000;

/** Oldest first. Failures: ARGUMENT_INVALID, and those of the journal, JOURNAL_CORRUPT among them. */
export async function readAudit(
  journal: Journal,
  filter: AuditFilter,
): Promise<Result<readonly AuditEntry[]>> {
  const { limit = 100 } = filter;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    const expected = `a whole number from 1 to ${LIMIT_MAX}`;
    return failure('ARGUMENT_INVALID', { argument: 'limit', found: String(limit), expected });
  }
  const found: AuditEntry[] = [];
  for (let after = 0; ; ) {
    const page = await journal.read(AUDIT_STREAM, { afterStreamSequence: after });
    if (!page.ok) return page;
    for (const { streamSequence: sequence, atMs, type, body, hash } of page.value) {
      after = sequence;
      if (!isWanted({ type, body, atMs }, filter)) continue;
      found.push({ sequence, atMs, type, body, hash });
      if (found.length > limit) found.shift();
    }
    if (page.value.length === 0) return success(found);
  }
}

/** The record of a decision in a line of the log; undefined for what is no decision. */
export const decisionIn = ({ type, body }: Pick<AuditEntry, 'type' | 'body'>) =>
  type === 'policy.denied' || type === 'policy.permitted'
    ? (body as unknown as DecisionRecord)
    : undefined;

const DENIALS: readonly string[] = ['policy.denied', 'policy.denied-more', 'approval.denied'];

function isWanted(
  entry: Pick<AuditEntry, 'type' | 'body' | 'atMs'>,
  { sinceMs = 0, skill, denied = false, decision }: AuditFilter,
): boolean {
  if (entry.atMs < sinceMs) return false;
  if (denied && !DENIALS.includes(entry.type)) return false;
  const record = decisionIn(entry);
  if (decision !== undefined && record?.decision !== decision) return false;
  const { principal } = (record?.request ?? Object(entry.body)) as Partial<PolicyRequest>;
  return skill === undefined || principal?.name === skill;
}
