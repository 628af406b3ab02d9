/** `skein policy check`, `show`, `explain`: what the operator's policy says, and why. */
import { DEFAULT_TENANT, type Json, type Result, type TenantId } from '../../contracts/index.ts';
import {
  checkPolicyFile,
  type ExplainQuery,
  type Explanation,
  type PolicyLine,
  type PolicyView,
} from '../../runtime/index.ts';
import { printable } from '../../telemetry/index.ts';
import { askNode } from '../ask-node.ts';
import {
  bold,
  dim,
  type GlobalOptions,
  green,
  printJson,
  printLine,
  red,
  reportError,
} from '../output.ts';

/** Exit code 2 when a problem is an error. */
export async function checkPolicyCommand(file: string, { json }: GlobalOptions): Promise<number> {
  const checked = await checkPolicyFile(file);
  if (!checked.ok) return reportError(checked.error, json);
  const { source, problems } = checked.value;
  const policies = source?.policies.length ?? null;
  if (json) printJson({ ok: source !== undefined, policies, hash: source?.hash ?? null, problems });
  else {
    for (const { severity, line, column, message, policy } of problems) {
      const named = policy === undefined ? '' : ` (${policy})`;
      printLine(`${file}:${line}:${column}: ${severity}: ${printable(message)}${named}`);
    }
    printLine(source ? `${green('valid')} ${policies} policies` : red('not valid'));
  }
  return source ? 0 : 2;
}

export async function showPolicyCommand(options: GlobalOptions): Promise<number> {
  const query = { kind: 'policy' as const };
  const found: Result<PolicyView> = await askNode(
    options.data,
    { path: '/v1/queries', body: query },
    (node) => node.query(query),
  );
  if (!found.ok) return reportError(found.error, options.json);
  if (options.json) printJson(found.value);
  else showPolicy(found.value);
  return 0;
}

const DECIDED_BY = {
  file: 'the operator’s file',
  grants: 'what each run is granted: there is no policy file',
  denied: 'nothing: everything is denied',
} as const;

function showPolicy({ decidedBy, file, hash, problem, denials, list }: PolicyView): void {
  printLine(`${bold('decided by')} ${DECIDED_BY[decidedBy]}`);
  if (file !== null) printLine(`${bold('file')}       ${file}`);
  if (hash !== null) printLine(`${bold('hash')}       ${hash}`);
  if (problem !== null) printLine(`${red('problem')}    ${printable(problem)}`);
  printLine(`${bold('denials')}    ${denials} since the node started`);
  for (const { id, effect, risk = '', line } of list)
    printLine(`  ${effect.padEnd(7)} ${id.padEnd(32)} ${line ? `line ${line}` : ''} ${risk}`);
}

export interface ExplainOptions extends GlobalOptions {
  readonly skill?: string;
  readonly call?: string;
  readonly args?: string;
  readonly tenant?: string;
}

/** Exit code 0 when it passes, 1 when it does not. */
export async function explainPolicyCommand(
  decision: string | undefined,
  options: ExplainOptions,
): Promise<number> {
  const query = queryOf(decision, options);
  if (typeof query === 'string') {
    process.stderr.write(`error: ${query}\n`);
    return 2;
  }
  const asked = { kind: 'explain' as const, ...query };
  const found: Result<Explanation> = await askNode(
    options.data,
    { path: '/v1/queries', body: asked },
    (node) => node.query(asked),
  );
  if (!found.ok) return reportError(found.error, options.json);
  if (options.json) printJson(found.value);
  else showExplanation(found.value);
  return found.value.needed.length === 0 ? 0 : 1;
}

/** @returns what is wrong with the flags, as a text */
function queryOf(decision: string | undefined, options: ExplainOptions): ExplainQuery | string {
  if (decision !== undefined) return { decision };
  const { skill, call, args = '[]', tenant = DEFAULT_TENANT } = options;
  if (skill === undefined || call === undefined)
    return 'it takes the ID of a decision, or --skill and --call';
  try {
    const given = JSON.parse(args) as Json;
    const list = Array.isArray(given) ? given : [given];
    return { skill, call, args: list, tenant: tenant as TenantId };
  } catch {
    return '--args is no JSON';
  }
}

function showExplanation(explanation: Explanation): void {
  const { request, decision, file, permits, forbids, needed, recorded } = explanation;
  const { principal, action, resource, attributes } = request;
  const { name, version, tenant } = principal;
  printLine(`${bold(`${action} on ${resource.type} ${printable(resource.id)}`)}`);
  printLine(`by ${name}@${version} of tenant ${tenant}  ${dim(JSON.stringify(attributes))}`);
  if (recorded) {
    const { allowed, policyHash } = recorded.body as { allowed: boolean; policyHash: string };
    const at = new Date(recorded.atMs).toISOString();
    const since = policyHash === decision.policyHash ? '' : ', under another policy than now';
    printLine(`made at ${at}: ${allowed ? 'permitted' : 'denied'}${since}`);
  }
  const verdict = decision.allowed ? green('permitted') : red('denied');
  printLine(`${verdict}, ${decision.risk} risk  ${dim(`decision ${decision.id}`)}`);
  for (const line of forbids) showLine(red('forbids'), line, file);
  for (const line of permits) showLine(green('permits'), line, file);
  for (const need of needed) printLine(`${bold('needed')}   ${printable(need)}`);
}

function showLine(verb: string, { id, line, text }: PolicyLine, file: string | null): void {
  printLine(`${verb}  ${id}${file !== null && line !== null ? `  ${dim(`${file}:${line}`)}` : ''}`);
  for (const each of text.split('\n')) printLine(dim(`           ${each}`));
}
