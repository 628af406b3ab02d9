/**
 * `skein approvals`: what waits for people, and what a person says to it. The approver's command signs what it shows: it makes the hash
 * of the action itself, from the tenant, the skill's content, the call and its arguments.
 */
import { resolve } from 'node:path';
import type { ApprovalView } from '../../actors/index.ts';
import { ControlClient } from '../../api/index.ts';
import { failure, type Result } from '../../contracts/index.ts';
import type { SkeinNode } from '../../runtime/index.ts';
import { actionHash, type Vote, voteBytes } from '../../sandbox/index.ts';
import { readSignerKey } from '../../skills/index.ts';
import { printable } from '../../telemetry/index.ts';
import { askNode } from '../ask-node.ts';
import { startLocalNode } from '../local-node.ts';
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

export async function listApprovalsCommand(options: GlobalOptions): Promise<number> {
  const found = await ask<readonly ApprovalView[]>(options, '/v1/approvals', (node) =>
    node.approvals.list(),
  );
  if (!found.ok) return reportError(found.error, options.json);
  if (options.json) printJson(found.value);
  else if (found.value.length === 0) printLine('nothing waits for approval, and nothing has');
  else for (const approval of found.value) printLine(lineOf(approval));
  return 0;
}

export async function showApprovalCommand(id: string, options: GlobalOptions): Promise<number> {
  const found = await showOf(id, options);
  if (!found.ok) return reportError(found.error, options.json);
  if (options.json) printJson(found.value);
  else showApproval(found.value);
  return 0;
}

export interface VoteOptions extends GlobalOptions {
  readonly key: string;
  readonly as: string;
  readonly reason?: string;
}

export async function voteCommand(
  verdict: Vote['verdict'],
  id: string,
  options: VoteOptions,
): Promise<number> {
  const { json, as: by, reason } = options;
  const key = await readSignerKey(resolve(options.key));
  if (!key.ok) return reportError(key.error, json);
  const found = await showOf(id, options);
  if (!found.ok) return reportError(found.error, json);
  const { call: name, args, request } = found.value;
  if (actionHash({ name, args }, request.principal) !== found.value.actionHash) {
    const why = 'what the node shows is not what its hash stands for';
    return reportError(failure('APPROVAL_REFUSED', { approval: id, reason: why }).error, json);
  }
  if (!json) showApproval(found.value);
  const said = { by, verdict, ...(reason === undefined ? {} : { reason }) };
  const signature = Buffer.from(key.value.sign(voteBytes(found.value, said))).toString('base64');
  const vote: Vote = { approval: id, ...said, signature };
  const cast: Result<ApprovalView> = await askNode(
    options.data,
    { path: '/v1/approvals', body: vote },
    (node) => node.approvals.vote(vote),
  );
  if (!cast.ok) return reportError(cast.error, json);
  const { state, approvedBy, approversNeeded } = cast.value;
  if (json) printJson(cast.value);
  else if (verdict === 'deny') printLine(`${red('denied')} ${id}`);
  else
    printLine(
      `${green('approved')} ${id} as ${by}: ${approvedBy.length} of ${approversNeeded}, ${state}`,
    );
  return 0;
}

const showOf = (id: string, options: GlobalOptions): Promise<Result<ApprovalView>> =>
  ask(options, `/v1/approvals/${encodeURIComponent(id)}`, (node) => node.approvals.show(id));

async function ask<T>(
  { data }: GlobalOptions,
  path: string,
  alone: (node: SkeinNode) => Promise<Result<T>>,
): Promise<Result<T>> {
  const remote = await new ControlClient(data).get<T>(path);
  if (remote.ok || remote.error.code !== 'NODE_UNREACHABLE') return remote;
  const node = await startLocalNode({ dataDir: data, threads: 1 });
  if (!node.ok) return node;
  const answer = await alone(node.value);
  await node.value.close();
  return answer;
}

const at = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

function lineOf({
  approval,
  state,
  risk,
  call,
  request,
  approvedBy,
  approversNeeded,
}: ApprovalView) {
  const { principal, resource } = request;
  const who = `${principal.name}@${principal.version} of ${principal.tenant}`;
  const votes = `${approvedBy.length} of ${approversNeeded}`;
  const what = printable(`${call} on ${resource.type} ${resource.id}`);
  return `${bold(approval)}  ${state.padEnd(8)}  ${risk.padEnd(6)}  ${votes}  ${who}: ${what}`;
}

function showApproval(view: ApprovalView): void {
  const { request, args, call, approvedBy, approversNeeded, deniedBy, reason } = view;
  const { name, version, tenant, contentHash } = request.principal;
  const rows: readonly (readonly [string, string])[] = [
    ['state', `${view.state}, ${view.risk} risk`],
    ['skill', `${name}@${version} of tenant ${tenant}, content ${contentHash.slice(0, 16)}`],
    ['action', `${call} on ${request.resource.type} ${request.resource.id}`],
    ['arguments', JSON.stringify(args)],
    ['hash', view.actionHash],
    ['asked', `${at(view.requestedAtMs)}, by ${view.correlationId}`],
    ['expires', at(view.expiresAtMs)],
    ['approved by', `${approvedBy.join(', ') || 'nobody'}; it takes ${approversNeeded}`],
    ...(deniedBy === null ? [] : [['denied by', `${deniedBy}: ${reason ?? ''}`] as const]),
    ...(view.usedBy === null ? [] : [['used by', view.usedBy] as const]),
  ];
  printLine(bold(view.approval));
  for (const [label, value] of rows) printLine(`  ${dim(label.padEnd(12))} ${printable(value)}`);
}
