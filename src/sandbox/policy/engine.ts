/**
 * The engine: Cedar's answer to a request under a set of policies. Denied unless a policy permits and none forbids; whatever goes
 * wrong is a denial with its reason: a set that cannot be read, a request that does not fit the schema, and a policy that fails while
 * it is evaluated too, since Cedar would go on without it and it may be the one that forbids.
 */
import { reasonOf } from '../../contracts/index.ts';
import { ACTIONS, cedarSchema } from './actions.ts';
import { cedar } from './cedar.ts';
import { DecisionCache } from './decision-cache.ts';
import { type Decision, decisionId, type PolicyRequest, requestText } from './policy-request.ts';
import type { NamedPolicy, PolicySource } from './policy-source.ts';
import { highestRisk, type Risk } from './risk.ts';

/** Sets that are held parsed; another takes the place of the one that was used longest ago. */
const SETS_MAX = 32;
const SCHEMA = 'skein';
const RESOURCE_ID_MAX = 10_000;

interface ParsedSet {
  readonly slot: string;
  readonly policies: ReadonlyMap<string, NamedPolicy>;
}

/** How often decisions were made and found. */
export interface EngineCounts {
  readonly decided: number;
  readonly cached: number;
}

export class PolicyEngine {
  readonly #sets = new Map<string, ParsedSet | string>();
  readonly #cache: DecisionCache;
  readonly #prefix: string;
  #hasSchema = false;
  #slots = 0;
  #decided = 0;
  #cached = 0;

  /** `decisionsMax`: 0 keeps none. Each engine of a thread has sets of its own. */
  constructor({ decisionsMax }: { readonly decisionsMax?: number } = {}) {
    this.#cache = new DecisionCache(decisionsMax);
    this.#prefix = `engine-${++engines}`;
    try {
      // Before the first decision, whose time is measured.
      cedar();
    } catch {
      // Each decision says so.
    }
  }

  get counts(): EngineCounts {
    return { decided: this.#decided, cached: this.#cached };
  }

  /** Never throws. */
  decide(source: PolicySource, request: PolicyRequest): Decision {
    const text = requestText(request);
    const known = this.#cache.get(source.hash, text);
    if (known) {
      this.#cached++;
      return known;
    }
    this.#decided++;
    const verdict = this.#evaluate(source, request);
    const decision = { id: decisionId(source.hash, text), policyHash: source.hash, cached: false };
    const { isPassing = false, ...rest } = verdict;
    const made: Decision = { ...decision, ...rest };
    if (!isPassing) this.#cache.set(source.hash, text, made);
    return made;
  }

  #evaluate(source: PolicySource, request: PolicyRequest): Verdict {
    const row = ACTIONS[request.action];
    if (!row) {
      const name = request.action.slice(0, 100);
      return denied('high', [], `there is no action ${name} in the table of the policy engine`);
    }
    if (row.resource !== request.resource.type) {
      return denied(row.risk, [], `${request.action} is done to a ${row.resource}`);
    }
    if (request.resource.id.length > RESOURCE_ID_MAX) {
      return denied(row.risk, [], 'the name of what it is done to is too long');
    }
    try {
      const set = this.#setOf(source);
      if (typeof set === 'string') return denied(row.risk, [], set);
      const answer = cedar().statefulIsAuthorized(authorizationCall(request, set.slot, row.risk));
      if (answer.type === 'failure') {
        return denied(
          row.risk,
          [],
          `the engine failed: ${answer.errors[0]?.message ?? 'no reason'}`,
        );
      }
      const { decision, diagnostics } = answer.response;
      const [error] = diagnostics.errors;
      if (error) {
        const reason = `policy ${error.policyId} failed: ${error.error.message}`;
        return denied(row.risk, [error.policyId], reason);
      }
      return verdictOf(decision === 'allow', diagnostics.reason, set.policies, request, row.risk);
    } catch (thrown) {
      return { ...denied(row.risk, [], `the engine failed: ${reasonOf(thrown)}`), isPassing: true };
    }
  }

  /** @returns the set, or why there is none; what could not be parsed is not tried again */
  #setOf(source: PolicySource): ParsedSet | string {
    const known = this.#sets.get(source.hash);
    if (known !== undefined) {
      this.#sets.delete(source.hash);
      this.#sets.set(source.hash, known);
      return known;
    }
    const slot = this.#freeSlot();
    const parsed = this.#parse(source, slot);
    this.#sets.set(source.hash, parsed);
    return parsed;
  }

  #freeSlot(): string {
    if (this.#sets.size < SETS_MAX) return `${this.#prefix}/${++this.#slots}`;
    const [[hash, oldest] = ['', '']] = this.#sets;
    this.#sets.delete(hash);
    return typeof oldest === 'string' ? `${this.#prefix}/${++this.#slots}` : oldest.slot;
  }

  #parse({ policies }: PolicySource, slot: string): ParsedSet | string {
    if (!this.#hasSchema) {
      const read = cedar().preparseSchema(SCHEMA, cedarSchema() as never);
      if (read.type === 'failure') return `the schema is no schema: ${read.errors[0]?.message}`;
      this.#hasSchema = true;
    }
    const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
    const read = cedar().preparsePolicySet(slot, { staticPolicies });
    if (read.type === 'failure') return `the policies cannot be read: ${read.errors[0]?.message}`;
    return { slot, policies: new Map(policies.map((policy) => [policy.id, policy])) };
  }
}

let engines = 0;

type Verdict = Pick<Decision, 'allowed' | 'risk' | 'determining' | 'reasons'> & {
  /** It may be otherwise the next time: not to be kept. */
  readonly isPassing?: boolean;
};

const denied = (risk: Risk, determining: readonly string[], reason: string): Verdict => ({
  allowed: false,
  risk,
  determining,
  reasons: [reason.slice(0, 500)],
});

function verdictOf(
  allowed: boolean,
  reason: readonly string[],
  policies: ReadonlyMap<string, NamedPolicy>,
  { action, resource }: PolicyRequest,
  ownRisk: Risk,
): Verdict {
  const determining = [...reason].sort();
  if (!allowed) {
    return determining.length === 0
      ? denied(ownRisk, [], `no policy permits ${action} on ${resource.type} ${resource.id}`)
      : {
          ...denied(ownRisk, determining, ''),
          reasons: determining.map((id) => `${id} forbids it`),
        };
  }
  const risks = determining.map((id) => policies.get(id)?.risk ?? ownRisk);
  const reasons = determining.map((id) => `${id} permits it`);
  return { allowed: true, risk: highestRisk(risks), determining, reasons };
}

function authorizationCall(request: PolicyRequest, slot: string, risk: Risk) {
  const { principal, action, resource, attributes } = request;
  const skill = { type: 'Skill', id: principal.name };
  const { name, version, contentHash, tenant } = principal;
  const attrs = { name, version, contentHash, tenant };
  return {
    principal: skill,
    action: { type: 'Action', id: action },
    resource,
    context: { ...contextOf(attributes), target: resource.id, risk },
    preparsedSchemaName: SCHEMA,
    validateRequest: true,
    preparsedPolicySetId: slot,
    entities: [{ uid: skill, attrs, parents: [{ type: 'Tenant', id: tenant }] }],
  };
}

const contextOf = (attributes: PolicyRequest['attributes']) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'object' ? [...value] : value,
    ]),
  );
