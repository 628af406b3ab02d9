/**
 * Explains a decision: which policies permit and forbid it, and what it would take. Of one that was made, by its ID from the audit
 * log; of one that would be, by a dry decision on a call that nobody makes.
 */
import {
  DEFAULT_TENANT,
  failure,
  type Journal,
  type Json,
  type Result,
  success,
  type TenantId,
} from '../../contracts/index.ts';
import {
  actionOf,
  type Decision,
  exactRefusal,
  grantsSource,
  PolicyEngine,
  type PolicyRequest,
  type PolicySource,
  policySource,
  principalOf,
  refusal,
} from '../../sandbox/index.ts';
import type { SkeinNode } from '../skein-node.ts';
import { type AuditEntry, decisionIn, readAudit } from './audit-log.ts';
import type { NodePolicy } from './node-policy.ts';

export type ExplainQuery =
  | { readonly decision: string }
  | {
      /** name, name@range. */
      readonly skill: string;
      readonly call: string;
      readonly args: readonly Json[];
      readonly tenant?: TenantId;
    };

export interface PolicyLine {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly risk: string | null;
  readonly line: number | null;
  readonly text: string;
}

export interface Explanation {
  readonly request: PolicyRequest;
  /** As it would be made now. */
  readonly decision: Decision;
  readonly file: string | null;
  readonly permits: readonly PolicyLine[];
  readonly forbids: readonly PolicyLine[];
  /** What stands in the way, and what would be needed; empty: it passes. */
  readonly needed: readonly string[];
  /** What the audit log has of it. */
  readonly recorded: AuditEntry | null;
}

export interface ExplainParts {
  readonly journal: Journal;
  readonly rules: NodePolicy;
  readonly node: Pick<SkeinNode, 'describe' | 'resourceContract'>;
}

/** Failures: DECISION_NOT_FOUND, SKILL_NOT_FOUND, ARGUMENT_INVALID, and those of the journal. */
export async function explain(
  query: ExplainQuery,
  parts: ExplainParts,
): Promise<Result<Explanation>> {
  return 'decision' in query ? explainMade(query.decision, parts) : explainDry(query, parts);
}

async function explainMade(
  id: string,
  { journal, rules }: ExplainParts,
): Promise<Result<Explanation>> {
  const found = await readAudit(journal, { decision: id, limit: 1 });
  if (!found.ok) return found;
  const [entry] = found.value;
  const record = entry && decisionIn(entry);
  if (!record) return failure('DECISION_NOT_FOUND', { decision: id });
  const { inForce } = rules;
  // What a run was granted went with it: without a file the decision stands as it was made.
  if (inForce.kind !== 'file') {
    const { allowed, risk, determining, reasons, policyHash } = record;
    const made = { id, allowed, risk, determining, reasons, policyHash, cached: false };
    const lines = determining.map((each) => lineOf({ id: each, text: '', effect: 'permit' }));
    const needed = allowed ? [] : reasons;
    const what = { request: record.request, decision: made, file: null, forbids: [] };
    return success({ ...what, permits: allowed ? lines : [], needed, recorded: entry });
  }
  return success({ ...judge(record.request, inForce.set), recorded: entry });
}

async function explainDry(
  { skill, call: name, args, tenant = DEFAULT_TENANT }: Exclude<ExplainQuery, { decision: string }>,
  { rules, node }: ExplainParts,
): Promise<Result<Explanation>> {
  const found = await node.describe(skill);
  if (!found.ok) return found;
  const contract = await node.resourceContract(skill);
  if (!contract.ok) return contract;
  const { grants } = contract.value;
  const action = actionOf({ name, args });
  if (!action) {
    const expected = 'a call such as http.request or kv.set';
    return failure('ARGUMENT_INVALID', { argument: 'call', found: name, expected });
  }
  const request = { principal: principalOf(found.value, tenant), action: name, ...action };
  const { inForce } = rules;
  const own = { recorded: null };
  if (inForce.kind === 'denied') {
    const decision = refusal(request, inForce.reason);
    const none = { file: null, permits: [], forbids: [], needed: decision.reasons };
    return success({ request, decision, ...none, ...own });
  }
  const set = inForce.kind === 'grants' ? grantsSource(grants) : inForce.set;
  const judged = judge(request, set);
  const { signal } = new AbortController();
  const call = { name, args, tenant, skill: found.value.manifest.name, signal };
  const hosts = grants.http?.hosts.includes('*') ? [action.resource.id] : undefined;
  const given = hosts && grants.http ? { http: { ...grants.http, hosts } } : {};
  const dry = { ...call, onEgress: () => undefined };
  const refused = await exactRefusal(dry, { ...grants, ...given });
  const needed = [...judged.needed, ...(refused ? [refused.error.message] : [])];
  return success({ ...judged, needed, ...own });
}

let engine: PolicyEngine | undefined;

function judge(request: PolicyRequest, set: PolicySource): Omit<Explanation, 'recorded'> {
  engine ??= new PolicyEngine();
  const decision = engine.decide(set, request);
  const permitting = set.policies.filter(({ effect }) => effect === 'permit');
  const permitted = engine.decide(policySource(permitting, set.origin), request);
  const byId = new Map(set.policies.map((policy) => [policy.id, policy]));
  const linesOf = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const policy = byId.get(id);
      return policy ? [lineOf(policy)] : [];
    });
  const permits = linesOf(permitted.determining);
  const forbids = decision.allowed ? [] : linesOf(decision.determining);
  const file = set.file ?? null;
  return { request, decision, file, permits, forbids, needed: neededFor(request, set, decision) };
}

const lineOf = ({
  id,
  effect,
  risk,
  line,
  text,
}: PolicySource['policies'][number]): PolicyLine => ({
  ...{ id, effect, text },
  risk: risk ?? null,
  line: line ?? null,
});

function neededFor(
  { principal, action, resource }: PolicyRequest,
  { origin }: PolicySource,
  { allowed, risk, determining, reasons }: Decision,
): readonly string[] {
  if (allowed && risk === 'low') return [];
  if (allowed) {
    const people = risk === 'medium' ? 'one person' : 'two different people, and `release` for it';
    return [`it is of ${risk} risk: the approval of ${people}`];
  }
  if (determining.length > 0 || !reasons[0]?.startsWith('no policy permits')) return reasons;
  const [capability] = action.split('.', 1);
  const named = JSON.stringify(principal.name);
  const scope = `principal == Skill::${named}, action == Action::"${action}", resource == ${resource.type}::${JSON.stringify(resource.id)}`;
  return origin === 'grants'
    ? [`a grant of ${capability} in the plan, the ceiling and the manifest; or a policy file`]
    : [`permit (${scope});`];
}
