/** `skein audit`: what was denied, what was done and who approved it, from the log that the node keeps. */
import type { Json, Result } from '../../contracts/index.ts';
import { type AuditEntry, type AuditSummary, decisionIn } from '../../runtime/index.ts';
import { printable } from '../../telemetry/index.ts';
import { askNode } from '../ask-node.ts';
import {
  dim,
  type GlobalOptions,
  green,
  printJson,
  printLine,
  red,
  reportError,
} from '../output.ts';
import { asJson, keepReport, timed } from '../report.ts';

export interface AuditOptions extends GlobalOptions {
  readonly since?: number;
  readonly skill?: string;
  readonly denied?: boolean;
  readonly limit: number;
  readonly report?: boolean;
}

export async function auditCommand(options: AuditOptions): Promise<number> {
  if (options.report) return reportCommand(options);
  const { since: sinceMs, skill, denied, limit } = options;
  const query = {
    kind: 'audit' as const,
    limit,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(skill === undefined ? {} : { skill }),
    ...(denied ? { denied } : {}),
  };
  const request = { path: '/v1/queries', body: query };
  const found: Result<readonly AuditEntry[]> = await askNode(options.data, request, (node) =>
    node.query(query),
  );
  if (!found.ok) return reportError(found.error, options.json);
  if (options.json) for (const entry of found.value) printJson(entry);
  else if (found.value.length === 0) printLine('the audit log has nothing of the kind');
  else for (const entry of found.value) printLine(lineOf(entry));
  return 0;
}

/** What the log adds up to, as md and json in the data directory: for whoever has to show what skills were let do. */
async function reportCommand({ data, json, since: sinceMs }: AuditOptions): Promise<number> {
  const { finish } = timed('audit');
  const query = { kind: 'audit-summary' as const, ...(sinceMs === undefined ? {} : { sinceMs }) };
  const found: Result<AuditSummary> = await askNode(
    data,
    { path: '/v1/queries', body: query },
    (node) => node.query(query),
  );
  if (!found.ok) return reportError(found.error, json);
  const { skills, records, policies, policiesRefused, approvals } = found.value;
  const sums = (each: Readonly<Record<string, number>>): string =>
    Object.entries(each)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const steps = skills.map(({ skill, tenant, permitted, denied, actions, codes }) => ({
    name: `${skill} of ${tenant}`,
    elapsedMs: 0,
    ok: true,
    detail: `${permitted} permitted, ${denied} denied (${sums(codes)}); ${sums(actions)}`,
  }));
  const report = await keepReport(data, finish(true, steps, asJson(found.value)), json);
  if (json) printJson({ ...found.value, report: report ?? null });
  else {
    printLine(
      `${records} records, ${policies.length} policies, ${policiesRefused} refused; approvals: ${sums(approvals)}`,
    );
    for (const { name, detail } of steps) printLine(`  ${printable(`${name}: ${detail}`)}`);
  }
  return 0;
}

function lineOf(entry: AuditEntry): string {
  const at = new Date(entry.atMs).toISOString().slice(0, 19);
  const record = decisionIn(entry);
  if (!record) return `${at}  ${entry.type.padEnd(18)} ${printable(factsOf(entry.body))}`;
  const { request, code, decision, count, correlationId, determining, approval, risk } = record;
  const { name, version, tenant } = request.principal;
  const what = `${request.action} on ${request.resource.type} ${request.resource.id}`;
  const end = record.allowed ? green('permitted') : red(code ?? 'denied');
  const by = determining.length > 0 ? ` by ${determining.join(', ')}` : '';
  const times = count > 1 ? ` ${count} times` : '';
  const tier = risk === 'low' ? '' : ` ${risk} risk`;
  const approved = approval === undefined ? '' : ` approval ${approval}`;
  const line = `${name}@${version} of ${tenant}: ${what}${by}${tier}${approved}${times}`;
  return `${at}  ${decision}  ${end}  ${printable(line)}  ${dim(correlationId)}`;
}

/** For machines alone: `--json` has it all. */
const LONG: readonly string[] = ['signature', 'publicKey', 'actionHash', 'policyHash', 'decision'];

const factsOf = (body: Json): string =>
  Object.entries(Object(body) as object)
    .filter(([name]) => !LONG.includes(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
