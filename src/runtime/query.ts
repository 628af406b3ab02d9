/** `query`: what a node knows of runs, budgets, skills and memories, read from its journal and stores. Changes nothing. */
import type { RunEvent } from '../actors/index.ts';
import {
  addUsage,
  type Budget,
  type Ceiling,
  DEFAULT_TENANT,
  failure,
  type Journal,
  type Json,
  type KeyValue,
  NO_USAGE,
  type Result,
  type RunId,
  type StructuredOutcome,
  success,
  type TenantId,
  type Usage,
} from '../contracts/index.ts';
import { type AuditEntry, type AuditFilter, readAudit } from './policy/audit-log.ts';
import { type AuditSummary, summariseAudit } from './policy/audit-summary.ts';
import {
  type ExplainParts,
  type ExplainQuery,
  type Explanation,
  explain,
} from './policy/explain.ts';
import type { NodePolicy, PolicyView } from './policy/node-policy.ts';
import type { SkeinNode } from './skein-node.ts';

export type Query =
  /** Runs, newest first; `limit` 1 to 100, default 20. */
  | { readonly kind: 'runs'; readonly limit?: number }
  /** What a run may spend, has spent, and has left. */
  | { readonly kind: 'budget'; readonly runId: RunId }
  /** Skills that may be called under a profile and the node's policy. */
  | { readonly kind: 'skills'; readonly profile?: Ceiling }
  /** The outcome of the latest run that ended, of one plan or of any. */
  | { readonly kind: 'last-outcome'; readonly plan?: string }
  /** Keys that a skill keeps, in order; `limit` 1 to 1,000, default 100. */
  | {
      readonly kind: 'memories';
      readonly skill: string;
      readonly tenant?: TenantId;
      readonly prefix?: string;
      readonly limit?: number;
    }

  /** The audit log of this node, oldest first. */
  | ({ readonly kind: 'audit' } & AuditFilter)
  /** What the audit log adds up to. */
  | { readonly kind: 'audit-summary'; readonly sinceMs?: number }
  /** Which policies permit and forbid something, and what it would take. */
  | ({ readonly kind: 'explain' } & ExplainQuery)
  /** The policy that is in force. */
  | { readonly kind: 'policy' };

export interface RunSummary {
  readonly runId: string;
  readonly plan: string;
  readonly correlationId: string;
  readonly startedAtMs: number;
  /** `waiting` for the approval of people; `running` also for a run that its node did not live to end. */
  readonly state: 'running' | 'waiting' | 'succeeded' | 'failed';
  readonly code: string | null;
  readonly elapsedMs: number | null;
}

export interface BudgetReport {
  readonly budget: Budget;
  readonly used: Usage;
  readonly attempts: number;
  /** Per budgeted figure; never below 0. */
  readonly left: Readonly<Record<string, number>>;
}

export interface QueryAnswers {
  readonly runs: readonly RunSummary[];
  readonly budget: BudgetReport;
  readonly skills: readonly string[];
  readonly 'last-outcome': StructuredOutcome | null;
  readonly memories: readonly { readonly key: string; readonly value: Json }[];
  readonly audit: readonly AuditEntry[];
  readonly 'audit-summary': AuditSummary;
  readonly explain: Explanation;
  readonly policy: PolicyView;
}

export interface QueryParts {
  readonly journal: Journal;
  readonly keyValue: KeyValue;
  readonly policy: Ceiling | undefined;
  readonly rules: NodePolicy;
  readonly node: ExplainParts['node'] & Pick<SkeinNode, 'skills'>;
}

interface History {
  readonly runId: string;
  readonly atMs: number;
  readonly events: readonly RunEvent[];
}

const RUNS_MAX = 100;

/** Failures: ARGUMENT_INVALID, RUN_NOT_FOUND, and those of the journal. */
export async function answerQuery<Q extends Query>(
  query: Q,
  parts: QueryParts,
): Promise<Result<QueryAnswers[Q['kind']]>> {
  return (await answer(query, parts)) as Result<QueryAnswers[Q['kind']]>;
}

async function answer(query: Query, parts: QueryParts): Promise<Result<unknown>> {
  switch (query.kind) {
    case 'runs':
      return listRuns(parts.journal, query.limit ?? 20);
    case 'budget':
      return budgetOf(parts.journal, query.runId);
    case 'skills':
      return success(allowedSkills(parts, query.profile));
    case 'last-outcome':
      return lastOutcome(parts.journal, query.plan);
    case 'memories': {
      const { skill, tenant = DEFAULT_TENANT, prefix = '', limit = 100 } = query;
      return parts.keyValue.list(`skill/${tenant}/${skill}`, { prefix, limit });
    }
    case 'audit':
      return readAudit(parts.journal, query);
    case 'audit-summary':
      return summariseAudit(parts.journal, query.sinceMs);
    case 'explain':
      return explain(query, parts);
    case 'policy':
      return success(parts.rules.view);
    default: {
      const found = JSON.stringify((query as { readonly kind?: unknown }).kind) ?? 'nothing';
      const expected =
        'runs, budget, skills, last-outcome, memories, audit, audit-summary, explain or policy';
      return failure('ARGUMENT_INVALID', { argument: 'kind', found, expected });
    }
  }
}

async function listRuns(journal: Journal, limit: number): Promise<Result<readonly RunSummary[]>> {
  if (!Number.isInteger(limit) || limit < 1 || limit > RUNS_MAX) {
    const expected = `a whole number from 1 to ${RUNS_MAX}`;
    return failure('ARGUMENT_INVALID', { argument: 'limit', found: String(limit), expected });
  }
  const histories = await readRuns(journal, limit);
  return histories.ok ? success(histories.value.map(summaryOf)) : histories;
}

async function readRuns(journal: Journal, limit: number): Promise<Result<readonly History[]>> {
  const streams = await journal.streams('run/', limit);
  if (!streams.ok) return streams;
  const histories: History[] = [];
  for (const stream of streams.value) {
    const history = await readRun(journal, stream);
    if (!history.ok) return history;
    histories.push(history.value);
  }
  return success(histories);
}

/** All events of a run, page by page. */
async function readRun(journal: Journal, stream: string): Promise<Result<History>> {
  const events: RunEvent[] = [];
  let atMs = 0;
  for (let after = 0; ; ) {
    const page = await journal.read(stream, { afterStreamSequence: after });
    if (!page.ok) return page;
    for (const { type, body, atMs: eventMs } of page.value) {
      atMs ||= eventMs;
      events.push({ type, ...(body as object) } as RunEvent);
    }
    const last = page.value.at(-1);
    if (!last) break;
    after = last.streamSequence;
  }
  return success({ runId: stream.slice('run/'.length), atMs, events });
}

const outcomeIn = ({ events }: History): StructuredOutcome | undefined => {
  const end = events.at(-1);
  return end?.type === 'run.completed' ? end.outcome : undefined;
};

function summaryOf(history: History): RunSummary {
  const [start] = history.events;
  const outcome = outcomeIn(history);
  const begun = start?.type === 'run.started' ? start : undefined;
  return {
    runId: history.runId,
    plan: begun?.plan ?? '',
    correlationId: begun?.correlationId ?? '',
    startedAtMs: history.atMs,
    state: outcome
      ? outcome.ok
        ? 'succeeded'
        : 'failed'
      : isWaiting(history)
        ? 'waiting'
        : 'running',
    code: outcome && !outcome.ok ? outcome.error.code : null,
    elapsedMs: outcome?.elapsedMs ?? null,
  };
}

/** Some call waits for people. */
function isWaiting({ events }: History): boolean {
  const waiting = new Set<string>();
  for (const event of events) {
    if (event.type === 'step.waiting') waiting.add(`${event.step}/${event.call}`);
    if (event.type === 'step.resumed' || event.type === 'attempt.failed')
      waiting.delete(`${event.step}/${event.call}`);
  }
  return waiting.size > 0;
}

async function budgetOf(journal: Journal, runId: RunId): Promise<Result<BudgetReport>> {
  const history = await readRun(journal, `run/${runId}`);
  if (!history.ok) return history;
  const [start] = history.value.events;
  if (start?.type !== 'run.started') return failure('RUN_NOT_FOUND', { runId });
  let used = NO_USAGE;
  let attempts = 0;
  for (const event of history.value.events) {
    if (event.type !== 'attempt.succeeded' && event.type !== 'attempt.failed') continue;
    used = addUsage(used, event.usage);
    attempts++;
  }
  const { budget } = start;
  const spent: Readonly<Record<string, number>> = {
    cpuMs: used.cpuMs,
    egressBytes: used.egressBytes,
    attempts,
  };
  const left = Object.fromEntries(
    Object.entries(budget)
      .filter(([name]) => name in spent)
      .map(([name, most]) => [name, Math.max(0, most - (spent[name] ?? 0))]),
  );
  return success({ budget, used, attempts, left });
}

const allowedSkills = ({ node, policy }: QueryParts, profile: Ceiling | undefined) =>
  node
    .skills()
    .filter(({ manifest }) =>
      [policy, profile].every((each) => each?.skills?.includes(manifest.name) ?? true),
    )
    .map(({ manifest }) => `${manifest.name}@${manifest.version}`);

async function lastOutcome(
  journal: Journal,
  plan: string | undefined,
): Promise<Result<StructuredOutcome | null>> {
  const histories = await readRuns(journal, RUNS_MAX);
  if (!histories.ok) return histories;
  for (const history of histories.value) {
    const outcome = outcomeIn(history);
    if (outcome && (plan === undefined || summaryOf(history).plan === plan))
      return success(outcome);
  }
  return success(null);
}
