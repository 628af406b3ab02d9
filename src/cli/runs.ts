/** `skein runs`: what ran, newest first; `skein runs ID`: what one run may spend and has spent. */
import type { Result, RunId } from '../contracts/index.ts';
import type { BudgetReport, Query, QueryAnswers, RunSummary } from '../runtime/index.ts';
import { askNode } from './ask-node.ts';
import {
  bold,
  dim,
  type GlobalOptions,
  green,
  milliseconds,
  printJson,
  printLine,
  red,
  reportError,
} from './output.ts';

export interface RunsOptions extends GlobalOptions {
  readonly limit: number;
}

const query = <Q extends Query>(
  dataDir: string,
  asked: Q,
): Promise<Result<QueryAnswers[Q['kind']]>> =>
  askNode(dataDir, { path: '/v1/queries', body: asked }, (node) => node.query(asked));

export async function runsCommand(
  runId: string | undefined,
  options: RunsOptions,
): Promise<number> {
  if (runId !== undefined) return showBudget(runId, options);
  const runs = await query(options.data, { kind: 'runs', limit: options.limit });
  if (!runs.ok) return reportError(runs.error, options.json);
  if (options.json) printJson(runs.value);
  else if (runs.value.length === 0) printLine('nothing has run yet: skein run hello');
  else for (const run of runs.value) printLine(lineOf(run));
  return 0;
}

const COLOUR = { succeeded: green, failed: red, running: bold, waiting: bold } as const;

function lineOf({ runId, plan, correlationId, startedAtMs, state, code, elapsedMs }: RunSummary) {
  const took = elapsedMs === null ? '' : milliseconds(elapsedMs);
  const at = new Date(startedAtMs).toISOString().slice(0, 19);
  const end = COLOUR[state]((code ?? state).padEnd(22));
  return `${at}  ${runId}  ${end} ${took.padStart(8)}  ${plan}  ${dim(correlationId)}`;
}

async function showBudget(runId: string, options: RunsOptions): Promise<number> {
  const report = await query(options.data, { kind: 'budget', runId: runId as RunId });
  if (!report.ok) return reportError(report.error, options.json);
  if (options.json) printJson(report.value);
  else for (const line of budgetLines(report.value)) printLine(line);
  return 0;
}

function budgetLines({ budget, used, attempts, left }: BudgetReport): string[] {
  const spent: Readonly<Record<string, number>> = { ...used, attempts };
  return Object.entries(spent).map(([name, value]) => {
    const most = budget[name as keyof typeof budget];
    const rest = most === undefined ? '' : `  of ${most}, ${Math.round(left[name] ?? 0)} left`;
    return `${name.padEnd(14)} ${String(Math.round(value)).padStart(12)}${rest}`;
  });
}
